"""The one task of the job workers: look at a row, claim it, do it, say how it went."""

from webapp.models import Job
from webapp.models.job import Kind
from webapp.services import exports, imports, scores, undos
from workers import ending, training
from workers.app import app
from workers.lease import held

WORK: dict[str, ending.Work] = {
    Kind.IMPORT: imports.run,
    Kind.SCORE: scores.run,
    Kind.EXPORT: exports.run,
    Kind.UNDO: undos.run,
}

# what needs the language model at hand has a process of its own
ON_DEVICE = {Kind.TRAIN, Kind.AUDIT, Kind.EVALUATE, Kind.ADOPT, Kind.PACK}


@app.task(name="jobs.run")
def run(job_id: str) -> None:
    """Do the job if it is still to be done; harmless to call twice, or at once."""
    job = Job.objects.filter(pk=job_id).first()
    if job is None or not job.claim():
        return
    with held(job) as lease:
        if job.kind in ON_DEVICE:
            training.run(job, lease)
        else:
            ending.settle(job, WORK[job.kind])
