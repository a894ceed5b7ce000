"""Stored episodes: written once by their content, listed, deleted."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from scoring import schema
from webapp.models import Episode, Job, LabelEvent, Project, Step
from webapp.models.episode import STEP_FIELDS
from webapp.models.label_event import Axis
from webapp.services import carrying, copying, images
from webapp.services.carrying import Left

# What one transaction writes. SQLite has a single writer: a bulk write holding its lock
# for 200 ms makes a label wait for 200 ms. Where writers don't wait for each other,
# fewer commits are faster. A chunk is held in memory, so its bytes are bounded alike
# everywhere. One episode is never torn in two.
CHUNK_STEPS = 500
CHUNK_BYTES = 2 << 20
TIMES_ELSEWHERE = 4
# a picture is as much work as so many characters, however few bytes it has
PICTURE = 100_000
STEP_COLUMNS = ("episode_id", "content_hash", *STEP_FIELDS)


@dataclass(frozen=True, slots=True)
class Counts:
    """Of what was stored; the last four as in `carrying.Carried`."""

    created: int = 0
    duplicates: int = 0
    revised: int = 0
    carried: int = 0
    unmatched: int = 0
    left: tuple[Left, ...] = ()

    def numbers(self) -> dict[str, int]:
        return {name: n for name, n in asdict(self).items() if isinstance(n, int)}


def create_many(
    project: Project,
    episodes: Iterable[schema.Episode],
    *,
    source_format: str,
    job: Job | None = None,
) -> tuple[int, int]:
    """Store every episode the project doesn't hold yet; (created, duplicates)."""
    created = duplicates = 0
    for chunk in chunks(episodes):
        stored = create_chunk(project, chunk, source_format=source_format, job=job)
        created += stored.created
        duplicates += stored.duplicates
    return created, duplicates


def chunks(episodes: Iterable[schema.Episode]) -> Iterator[list[schema.Episode]]:
    """Lists small enough to be written in one short transaction."""
    chunk: list[schema.Episode] = []
    steps = size = 0
    times = 1 if connection.vendor == "sqlite" else TIMES_ELSEWHERE
    for episode in episodes:
        chunk.append(episode)
        steps += len(episode.steps)
        size += approximate_size(episode)
        if steps >= times * CHUNK_STEPS or size >= CHUNK_BYTES:
            yield chunk
            chunk, steps, size = [], 0, 0
    if chunk:
        yield chunk


def create_chunk(
    project: Project,
    episodes: list[schema.Episode],
    *,
    source_format: str,
    job: Job | None = None,
) -> Counts:
    """Store a few episodes, with the labels of their versions before. The unique
    constraint decides who writes a content, so a repeated or parallel import adds
    nothing twice."""
    # hashing is the slow part: done before the transaction takes the write lock
    hashes = [[step.content_hash() for step in one.steps] for one in episodes]
    rows = [
        _row(project, episode, episode.content_hash(own), source_format, job)
        for episode, own in zip(episodes, hashes, strict=True)
    ]
    # a file is there before the row that speaks of it
    shown = [
        (row, images.store(blob))
        for row, episode in zip(rows, episodes, strict=True)
        for blob in episode.blobs
    ]
    with transaction.atomic():
        Episode.objects.bulk_create(rows, ignore_conflicts=True)
        mine = set(_stored(rows))
        new = (
            _step_values(row, *pair)
            for row, episode, own in zip(rows, episodes, hashes, strict=True)
            if row.pk in mine
            for pair in zip(own, episode.steps, strict=True)
        )
        copying.insert(Step, STEP_COLUMNS, new)
        images.add(pair for pair in shown if pair[0].pk in mine)
        carried = carrying.carry(project, [row for row in rows if row.pk in mine])
    return Counts(
        len(mine),
        len(rows) - len(mine),
        revised=carried.revised,
        carried=carried.carried,
        unmatched=carried.unmatched,
        left=carried.left,
    )


def _stored(rows: list[Episode]) -> QuerySet[Episode, uuid.UUID]:
    ids = [row.pk for row in rows]
    return Episode.objects.filter(pk__in=ids).values_list("pk", flat=True)


def listing(
    project: Project,
    *,
    text: str = "",
    success: bool | None = None,
    source_format: str = "",
    agent: str = "",
    labelled: bool | None = None,
    import_job: Job | None = None,
) -> QuerySet[Episode]:
    """Episodes newest first, without their long texts' steps, each with
    `labelled_steps`: how many of its steps somebody judged."""
    rows = Episode.objects.filter(project=project)
    if any("\x00" in given for given in (text, source_format, agent)):
        # no text holds it, and PostgreSQL refuses to look
        rows = rows.none()
    if text:
        rows = rows.filter(Q(task__icontains=text) | Q(external_id__icontains=text))
    if success is not None:
        rows = rows.filter(success=success)
    if source_format:
        rows = rows.filter(source_format=source_format)
    if agent:
        rows = rows.filter(agent=agent)
    if import_job is not None:
        rows = rows.filter(import_job=import_job)
    if labelled is not None:
        rows = rows.filter(Exists(_verdicts()) if labelled else ~Exists(_verdicts()))
    return rows.defer("system", "meta").annotate(labelled_steps=_labelled_steps())


def next_unlabelled(episode: Episode) -> Episode | None:
    """The next one below it in the list that nobody has judged, then from the top."""
    rows = listing(episode.project, labelled=False).exclude(pk=episode.pk)
    older = Q(created_at__lt=episode.created_at)
    as_old = Q(created_at=episode.created_at, pk__gt=episode.pk)
    return rows.filter(older | as_old).first() or rows.first()


def delete(episode: Episode) -> None:
    """Remove an episode with its steps, labels and scores."""
    episode.delete()


def approximate_size(episode: schema.Episode) -> int:
    """Characters of its longest-growing parts: enough to cut work into equal pieces."""
    return (
        sum(len(blob.data) + PICTURE for blob in episode.blobs)
        + len(episode.task)
        + len(episode.system)
        + sum(
            len(step.text)
            + len(step.thought)
            + len(step.observation)
            + sum(
                len(call.result or "") + len(str(call.arguments)) for call in step.calls
            )
            for step in episode.steps
        )
    )


def _verdicts() -> QuerySet[LabelEvent]:
    return LabelEvent.objects.filter(
        episode=OuterRef("pk"),
        axis=Axis.VERDICT,
        is_latest=True,
        value__isnull=False,
    )


def _labelled_steps() -> Coalesce:
    one_group = _verdicts().order_by().values("episode")
    counted = one_group.annotate(n=Count("step", distinct=True)).values("n")
    return Coalesce(Subquery(counted), 0)


def _row(
    project: Project,
    episode: schema.Episode,
    content_hash: str,
    source_format: str,
    job: Job | None,
) -> Episode:
    return Episode(
        project=project,
        import_job=job,
        content_hash=content_hash,
        group=episode.group(),
        external_id=episode.id,
        source_format=source_format,
        task=episode.task,
        system=episode.system,
        agent=episode.agent,
        model=episode.model,
        success=episode.outcome.success,
        outcome_score=episode.outcome.score,
        answer=episode.outcome.answer,
        reference=episode.outcome.reference,
        ended=episode.ended,
        meta=dict(episode.meta),
        step_count=len(episode.steps),
    )


def _step_values(row: Episode, content_hash: str, step: schema.Step) -> Any:
    """In the order of STEP_COLUMNS."""
    body = step.to_dict()
    return (row.pk, content_hash, *(body[name] for name in STEP_FIELDS))
