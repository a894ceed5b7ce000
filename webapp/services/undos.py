"""Undoing a whole import: its episodes go, except those that people have judged."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from webapp.errors import Conflict, Invalid
from webapp.models import Episode, Job, LabelEvent
from webapp.models.job import Kind
from webapp.models.label_event import Provenance
from webapp.services import jobs

# of one transaction; labels are written meanwhile
CHUNK_STEPS = 500
BY_PEOPLE = (Provenance.HUMAN, Provenance.ADJUDICATED)


@dataclass(frozen=True, slots=True)
class Outlook:
    """How many episodes of an import would be deleted, and how many kept."""

    deleted: int
    kept: int


def outlook(job: Job) -> Outlook:
    going = _unjudged(job).count()
    return Outlook(going, job.episodes.count() - going)


def start(job: Job, *, user: User | None) -> Job:
    """Queue the undoing of a finished import.

    Raises:
        Invalid: the job is no import.
        Conflict: it still runs; cancel it first.
    """
    if job.kind != Kind.IMPORT:
        raise Invalid("only an import can be undone")
    if job.is_open:
        raise Conflict("the import is still running; cancel it first")
    data = {"import": str(job.pk), "filename": job.input.get("filename", "")}
    return jobs.create(job.project, kind=Kind.UNDO, user=user, data=data)


def run(job: Job) -> dict[str, Any]:
    """Delete the import's episodes that nobody judged, a few at a time; returns how
    many were deleted and how many kept.

    Raises:
        Invalid: the import's row is gone.
        Cancelled: on request; what was deleted by then stays deleted.
    """
    undone = Job.objects.filter(pk=job.input["import"], project=job.project).first()
    if undone is None:
        raise Invalid("the import is not there any more")
    deleted, total = 0, _unjudged(undone).count()
    for some in _chunks(undone):
        with transaction.atomic():
            # asked again: somebody may have judged one of them since
            rows = _unjudged(undone).filter(pk__in=some)
            deleted += rows.delete()[1].get("webapp.Episode", 0)
        jobs.report(job, done=deleted, total=total, unit="episodes")
    counts = {"deleted": deleted, "kept": undone.episodes.count()}
    Job.objects.filter(pk=undone.pk).update(result={**undone.result, "undone": counts})
    return counts


def replace_earlier(job: Job) -> int:
    """Delete what earlier imports of the same growing thing brought, where this one
    brought it anew and nobody judged it; returns how many episodes that were."""
    earlier = Job.objects.filter(
        project=job.project,
        kind=Kind.IMPORT,
        input__grows=job.input["grows"],
        created_at__lt=job.created_at,
    )
    anew = job.episodes.order_by().values("external_id")
    deleted = 0
    for one in earlier:
        rows = _unjudged(one).filter(external_id__in=anew)
        deleted += rows.delete()[1].get("webapp.Episode", 0)
    return deleted


def _unjudged(job: Job) -> QuerySet[Episode]:
    judged = LabelEvent.objects.filter(episode=OuterRef("pk"), provenance__in=BY_PEOPLE)
    return Episode.objects.filter(~Exists(judged), import_job=job)


def _chunks(job: Job) -> Iterator[list[UUID]]:
    chunk: list[UUID] = []
    steps = 0
    rows = _unjudged(job).order_by("pk").values_list("pk", "step_count")
    for pk, count in list(rows):
        chunk.append(pk)
        steps += count
        if steps >= CHUNK_STEPS:
            yield chunk
            chunk, steps = [], 0
    if chunk:
        yield chunk
