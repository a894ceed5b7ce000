"""The process that trains, audits, evaluates, takes checkpoints in and gives models
out, one at a time on a device:
`python -m workers.trainer JOB FENCE PARENT`.

It may be killed at any instant: features and checkpoints on disk let the next attempt
go on where this one was, and the fence keeps a stale one from writing anything.
"""

import os
import sys

import django


def main(job_id: str, fence: int, parent: int) -> None:
    from webapp.lifeline import tie

    tie(parent)
    # serving and the pages go first
    os.nice(5)
    django.setup()
    from webapp.models import Job
    from webapp.models.job import Kind
    from workers.ending import settle
    from workers.examining import audit, evaluate
    from workers.exchanging import adopt, pack
    from workers.fitting import fit

    work = {
        Kind.TRAIN: fit,
        Kind.AUDIT: audit,
        Kind.EVALUATE: evaluate,
        Kind.ADOPT: adopt,
        Kind.PACK: pack,
    }
    job = Job.objects.get(pk=job_id)
    job.fence = fence
    settle(job, work[Kind(job.kind)])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
