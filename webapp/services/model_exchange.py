"""Reward models of other people's, taken in, and ours given out as they know them.

Both need the language model at hand, so both are jobs of the device's process
(workers/exchanging.py): what a stranger's checkpoint holds is never read in a web
process.
"""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from scoring.errors import InvalidInput
from webapp.errors import Invalid
from webapp.models import Job, Project, RewardModel
from webapp.models.job import Kind
from webapp.services import audits, jobs, model_files, reward_models
from webapp.services.uploads import Upload

# how a checkpoint wants its steps (scoring/prm/foreign.py), in words for people
READINGS = {
    "trl": "token classifier with the labels wrong and right (TRL's PRMTrainer)",
    "qwen_math_prm": "a tag after every step, two-way head (Qwen2.5-Math-PRM)",
    "math_shepherd": "a tag after every step, tokens + and - (Math-Shepherd)",
}


def request_adoption(
    project: Project,
    *,
    user: User | None,
    source: Upload | Path,
    name: str,
    reading: str,
) -> Job:
    """Queue the taking in of a checkpoint: the zip of a `transformers` folder, or such
    a folder on the workers' own disk.

    Raises:
        InvalidInput: no such reading.
    """
    if reading not in READINGS:
        expected = f"expected one of {', '.join(READINGS)}"
        raise InvalidInput(expected, pointer="/reading")
    data = {"filename": name[:200], "reading": reading}
    if isinstance(source, Path):
        data["folder"] = str(source.resolve())
    else:
        data["upload"] = source.sha256
    return jobs.create(project, kind=Kind.ADOPT, user=user, data=data)


@transaction.atomic
def adopted(job: Job, *, sha256: str, card: dict[str, Any]) -> RewardModel:
    """The candidate of a checkpoint whose folder is in place, its audit queued: it is
    measured and tried like any other. The same one again is the same candidate."""
    known = job.project.reward_models.filter(sha256=sha256).first()
    if known is not None:
        return known
    by = {"by": job.created_by.username} if job.created_by else {}
    origin = {"file": job.input["filename"], "reading": job.input["reading"], **by}
    if "upload" in job.input:
        origin["archive_sha256"] = job.input["upload"]
    model = reward_models.add(job.project, sha256=sha256, card=card, origin=origin)
    audits.request(model, user=job.created_by)
    return model


def request_folder(model: RewardModel, *, user: User | None) -> Job:
    """Queue the packing of a model as a plain `transformers` folder, unless it is done
    already or being done.

    Raises: Invalid when its files are missing or changed, or it is such a folder as it
        is.
    """
    if "reading" in model.origin:
        raise Invalid(f"{model} is a transformers folder: download it as it is")
    model_files.verify(model)
    asked = model.project.jobs.filter(kind=Kind.PACK, input__model=model.pk)
    for job in asked.order_by("-created_at"):
        if job.is_open or folder_of(job) is not None:
            return job
    data = {"model": model.pk, "filename": f"{model.project.slug}-v{model.version}"}
    return jobs.create(model.project, kind=Kind.PACK, user=user, data=data)


def folder_of(job: Job) -> Path | None:
    """The zip that a job packed, while it is there."""
    sha256 = job.result.get("sha256") if job.kind == Kind.PACK else None
    path = packed(sha256) if sha256 else None
    return path if path and path.is_file() else None


def packed(sha256: str) -> Path:
    """Where the zip of the model of this hash belongs."""
    return Path(settings.DATA_DIR) / "exports" / f"{sha256}.zip"
