"""Snapshots: a training set fixed by the label events it is made of."""

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from scoring import schema, splits
from scoring.errors import NotEnoughLabels
from scoring.splits import Split
from webapp.errors import Invalid
from webapp.models import Episode, LabelEvent, Project, Snapshot
from webapp.models.label_event import Provenance
from webapp.services import consensus
from webapp.services.consensus import Consensus

# two to train on (fewer can't be cross-validated), one to calibrate with, one to test
LEAST_TASKS = 4
# of wrong steps and of others, among those to train on
LEAST_STEPS = 2
CHUNK = 50


@dataclass(frozen=True, slots=True)
class Labelled:
    """An episode, one verdict (or None) a step and its weight, what was said of its
    outcome and its conduct (see `Consensus.social`), and its side of the split;
    `provenance` is the verdicts' (see `Consensus`), `source` the format it came in."""

    pk: uuid.UUID
    source: str
    episode: schema.Episode
    verdicts: tuple[int | None, ...]
    success: bool | None
    split: Split
    social: dict[str, float]
    weights: tuple[float, ...]
    provenance: Provenance


def take(project: Project, *, user: User | None, seed: int = 0) -> Snapshot:
    """Fix the labels that stand now. The same labels and seed are the same snapshot.

    Raises:
        NotEnoughLabels: fewer than four labelled tasks, or hardly a wrong (or right)
            step among those to train on.
    """
    judged = [
        row
        for row in consensus.verdicts(project)
        if (row.verdicts or row.social) and not row.bad_task
    ]
    groups = dict(Episode.objects.filter(project=project).values_list("pk", "group"))
    judged = [row for row in judged if row.episode_id in groups]
    sides = splits.by_group((groups[row.episode_id] for row in judged), seed)
    split = {str(row.episode_id): sides[groups[row.episode_id]] for row in judged}
    counts = _counts(judged, split, tasks=len(sides))
    _require_enough(counts)
    snapshot, _ = Snapshot.objects.get_or_create(
        project=project,
        sha256=_digest(judged, split),
        defaults={
            "event_ids": [str(vote.id) for row in judged for vote in row.votes],
            "splits": split,
            "counts": counts,
            "created_by": user,
        },
    )
    return snapshot


def examples(snapshot: Snapshot) -> Iterator[Labelled]:
    """What the snapshot holds, an episode at a time; labels made since don't count.

    Raises:
        Invalid: episodes were deleted since.
    """
    fixed = {uuid.UUID(event_id) for event_id in snapshot.event_ids}
    ids = sorted(snapshot.splits)
    for start in range(0, len(ids), CHUNK):
        some = ids[start : start + CHUNK]
        rows = Episode.objects.filter(pk__in=some).select_related("project")
        episodes = {row.pk: row for row in rows.prefetch_related("steps")}
        if len(episodes) < len(some):
            raise Invalid("episodes of this snapshot were deleted; take a new one")
        cast = consensus.votes(LabelEvent.objects.filter(episode_id__in=some))
        for row in consensus.settle(vote for vote in cast if vote.id in fixed):
            yield _labelled(episodes[row.episode_id], row, snapshot)


def _labelled(episode: Episode, row: Consensus, snapshot: Snapshot) -> Labelled:
    stated = episode.success if row.outcome is None else row.success
    return Labelled(
        pk=episode.pk,
        source=episode.source_format,
        episode=episode.to_schema(),
        verdicts=row.series(episode.step_count),
        success=stated,
        social=row.social,
        split=snapshot.splits[str(episode.pk)],
        weights=tuple(row.weights.get(t, 1.0) for t in range(episode.step_count)),
        provenance=row.provenance,
    )


def _counts(
    judged: list[Consensus], split: dict[str, Split], *, tasks: int
) -> dict[str, Any]:
    verdicts = Counter(str(v) for row in judged for v in row.verdicts.values())
    to_train = Counter(
        str(v)
        for row in judged
        if split[str(row.episode_id)] == "train"
        for v in row.verdicts.values()
    )
    return {
        "episodes": len(judged),
        "tasks": tasks,
        "steps": verdicts.total(),
        "verdicts": dict(sorted(verdicts.items())),
        "train_verdicts": dict(sorted(to_train.items())),
        "splits": dict(Counter(split.values())),
        "provenance": dict(Counter(k for r in judged for k in r.provenances.values())),
    }


def _require_enough(counts: dict[str, Any]) -> None:
    if counts["tasks"] < LEAST_TASKS:
        raise NotEnoughLabels(
            f"{counts['steps']} labelled steps of {counts['tasks']} tasks: label steps "
            f"of at least {LEAST_TASKS} different tasks"
        )
    wrong = counts["train_verdicts"].get("-1", 0)
    others = sum(counts["train_verdicts"].values()) - wrong
    if min(wrong, others) < LEAST_STEPS:
        raise NotEnoughLabels(
            f"the tasks to train on have {wrong} steps marked wrong and {others} "
            f"others: a model needs {LEAST_STEPS} or more of both"
        )


def _digest(judged: list[Consensus], split: dict[str, Split]) -> str:
    digest = hashlib.sha256()
    for row in judged:
        for vote in row.votes:
            digest.update(vote.line().encode() + b"\n")
    digest.update(json.dumps(split, sort_keys=True).encode())
    return digest.hexdigest()
