"""Labels: one append-only event a judgement, written once however often it is sent.

Two writers of one episode can't both take its next `sequence`: the unique constraint
makes the later one start over on what the first left, on every database, so `previous`
and `expected_previous` always speak of the row before.
"""

import random
import time
import uuid
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Max

from scoring.errors import InvalidInput
from webapp.errors import Busy, Conflict
from webapp.models import Episode, LabelEvent
from webapp.models.label_event import Axis, Provenance
from webapp.services import judgements

T = TypeVar("T")

ATTEMPTS = 60
EPISODE_AXES = ("outcome", "preference", "harm", "privacy", "bad_task", "comment")
# a day, in milliseconds: more than that is a clock gone wrong
MAX_ACTIVE_MS = 86_400_000


class Unset(Enum):
    """Tells "expects nothing" (None) from "doesn't say what it expects"."""

    UNSET = auto()


UNSET = Unset.UNSET


def record(  # noqa: PLR0913 - the facts of one event
    episode: Episode,
    *,
    user: User,
    event_id: uuid.UUID,
    axis: str,
    value: Any,
    step_index: int | None = None,
    expected_previous: Any = UNSET,
    provenance: str = Provenance.HUMAN,
    active_ms: int | None = None,
    score_visible: bool = False,
) -> LabelEvent:
    """Append one judgement. The same event id again gives back the same event.

    Raises:
        InvalidInput: a value the axis doesn't take, or a step that isn't there.
        Conflict: the id stands for another judgement, or the value isn't the expected
            one (the error's `current` says what it is).
    """
    value = judgements.check(axis, value)
    event = LabelEvent(
        id=event_id,
        project_id=episode.project_id,
        episode=episode,
        step_id=_step_id(episode, axis, step_index),
        user=user,
        axis=axis,
        value=value,
        provenance=provenance,
        guideline_version=episode.project.guideline_version,
        active_ms=_active_ms(active_ms),
        score_visible=score_visible,
    )
    return _retried(lambda: _append(event, expected_previous))


def undo(episode: Episode, *, user: User, event_id: uuid.UUID) -> LabelEvent | None:
    """Take back the user's last judgement of this episode that still stands, to any
    depth. None when nothing is left to undo.

    Raises:
        Conflict: the id stands for another judgement.
    """

    def attempt() -> LabelEvent | None:
        done = LabelEvent.objects.filter(pk=event_id).first()
        if done and (done.episode_id, done.user_id) != (episode.pk, user.pk):
            raise Conflict("this event id stands for somebody else's judgement")
        target = done.undoes if done else _standing(episode, user)
        if target is None and done is None:
            return None
        if target is None:
            raise Conflict("this event id stands for a judgement, not for an undo")
        return _append(_reversal(target, event_id), UNSET)

    return _retried(attempt)


def current(episode: Episode, *, user: User) -> dict[str, Any]:
    """The user's judgements that stand: {"steps": {index: {axis: value}}, and one entry
    for each axis of the episode, None where nothing stands}."""
    latest = LabelEvent.objects.filter(episode=episode, user=user, is_latest=True)
    steps: dict[int, dict[str, Any]] = {}
    whole: dict[str, Any] = dict.fromkeys(EPISODE_AXES)
    for index, axis, value in latest.values_list("step__index", "axis", "value"):
        if value is not None and index is not None:
            steps.setdefault(index, {})[axis] = value
        elif value is not None:
            whole[axis] = value
    return {"steps": steps, **whole}


def import_verdicts(
    episode: Episode,
    *,
    user: User,
    verdicts: Sequence[int | None],
    outcome: int | None = None,
    preference: float | None = None,
    harm: bool | None = None,
    privacy: bool | None = None,
    provenance: str = Provenance.IMPORTED,
) -> int:
    """Write many judgements of one episode at once; returns how many were new.

    None means not judged. What stands already is left alone, so that importing twice
    changes nothing.

    Raises:
        InvalidInput: a value its axis doesn't take, or more verdicts than steps.
    """
    if len(verdicts) > episode.step_count:
        raise InvalidInput(
            f"{len(verdicts)} verdicts for {episode.step_count} steps",
            pointer="/verdicts",
        )
    asked: list[tuple[str, int | None, Any]] = [
        (Axis.VERDICT, index, value) for index, value in enumerate(verdicts)
    ]
    asked += [
        (Axis.OUTCOME, None, outcome),
        (Axis.PREFERENCE, None, preference),
        (Axis.HARM, None, harm),
        (Axis.PRIVACY, None, privacy),
    ]
    checked = [(a, i, judgements.check(a, v)) for a, i, v in asked if v is not None]
    return _retried(lambda: _append_many(episode, user, checked, provenance))


def _retried(attempt: Callable[[], T]) -> T:
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return attempt()
        except IntegrityError:
            # another writer took the sequence; apart, the two don't collide again
            time.sleep(random.uniform(0, 0.02))  # noqa: S311 - no secret
    raise Busy("too many people write labels of this episode at once; try again")


def _append(event: LabelEvent, expected: Any) -> LabelEvent:
    sent_before = LabelEvent.objects.filter(pk=event.pk).first()
    if sent_before is not None:
        return _same(sent_before, event)
    before = _latest(event)
    event.previous = before.value if before else None
    if expected is not UNSET and expected != event.previous:
        raise Conflict("somebody changed this label meanwhile", current=event.previous)
    if before is not None:
        LabelEvent.objects.filter(pk=before.pk).update(is_latest=False)
    event.sequence = _next_sequence(event.episode_id)
    event.save(force_insert=True)
    return event


def _latest(event: LabelEvent) -> LabelEvent | None:
    rows = LabelEvent.objects.filter(
        user_id=event.user_id,
        episode_id=event.episode_id,
        axis=event.axis,
        is_latest=True,
    )
    if event.step_id is None:
        return rows.filter(step__isnull=True).first()
    return rows.filter(step_id=event.step_id).first()


def _same(before: LabelEvent, event: LabelEvent) -> LabelEvent:
    facts = ("user_id", "episode_id", "step_id", "axis", "value", "undoes_id")
    if any(getattr(before, fact) != getattr(event, fact) for fact in facts):
        raise Conflict("this event id stands for another judgement")
    return before


def _append_many(
    episode: Episode,
    user: User,
    asked: list[tuple[str, int | None, Any]],
    provenance: str,
) -> int:
    mine = LabelEvent.objects.filter(episode=episode, user=user, is_latest=True)
    latest = {(event.axis, event.step_id): event for event in mine}
    step_ids: dict[int | None, int | None] = dict(
        episode.steps.values_list("index", "pk")
    )
    sequence = _next_sequence(episode.pk)
    new: list[LabelEvent] = []
    replaced: list[uuid.UUID] = []
    for axis, index, value in asked:
        before = latest.get((axis, step_ids.get(index)))
        if before is not None and before.value == value:
            continue
        replaced += [before.pk] if before else []
        new.append(
            LabelEvent(
                sequence=sequence + len(new),
                project_id=episode.project_id,
                episode=episode,
                step_id=step_ids.get(index),
                user=user,
                axis=axis,
                value=value,
                previous=before.value if before else None,
                provenance=provenance,
                guideline_version=episode.project.guideline_version,
            )
        )
    LabelEvent.objects.filter(pk__in=replaced).update(is_latest=False)
    LabelEvent.objects.bulk_create(new)
    return len(new)


def _standing(episode: Episode, user: User) -> LabelEvent | None:
    """The user's last judgement that is neither an undo nor undone."""
    mine = LabelEvent.objects.filter(episode=episode, user=user, undoes__isnull=True)
    return mine.filter(labelevent__isnull=True).order_by("-sequence").first()


def _reversal(target: LabelEvent, event_id: uuid.UUID) -> LabelEvent:
    return LabelEvent(
        id=event_id,
        project_id=target.project_id,
        episode_id=target.episode_id,
        step_id=target.step_id,
        user_id=target.user_id,
        axis=target.axis,
        value=target.previous,
        provenance=target.provenance,
        guideline_version=target.guideline_version,
        undoes=target,
    )


def _step_id(episode: Episode, axis: str, index: int | None) -> int | None:
    if index is None and axis == Axis.VERDICT:
        raise InvalidInput("a verdict needs a step", pointer="/step_index")
    if index is None:
        return None
    if axis not in (Axis.VERDICT, Axis.COMMENT):
        raise InvalidInput(f"{axis} is asked of the episode", pointer="/step_index")
    # a bool is an int; a number too large for a column is no index
    found = type(index) is int and 0 <= index < episode.step_count
    step = episode.steps.filter(index=index).only("pk").first() if found else None
    if step is None:
        raise InvalidInput("the episode has no such step", pointer="/step_index")
    return step.pk


def _active_ms(value: int | None) -> int | None:
    if value is not None and (type(value) is not int or value < 0):
        raise InvalidInput("expected milliseconds, 0 or more", pointer="/active_ms")
    return None if value is None else min(value, MAX_ACTIVE_MS)


def _next_sequence(episode_id: uuid.UUID) -> int:
    events = LabelEvent.objects.filter(episode_id=episode_id)
    return (events.aggregate(last=Max("sequence"))["last"] or 0) + 1
