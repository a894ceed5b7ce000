"""Labels of a run that is uploaded again, longer or cut into steps anew, go along.

The new upload is an episode of its own. A judgement goes along where a step of the same
content, the same one of its kind, stands in the same order in both. The judge and the
guideline are who and which they were; that it was carried is its provenance. Nothing on
the old episode is touched.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from webapp.models import Episode, LabelEvent, Project, Step
from webapp.models.label_event import Provenance
from webapp.services.consensus import STRENGTH

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Left:
    """A new version of a run, the one before it by its id, and which `steps` of that
    one have judgements that found no step in the new one; `whole`: so has the run."""

    episode: str
    before: str
    steps: tuple[int, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Carried:
    """`revised` episodes are further versions of labelled ones; of their standing
    judgements so many were `carried`, so many `unmatched`: those of `left`."""

    revised: int = 0
    carried: int = 0
    unmatched: int = 0
    left: tuple[Left, ...] = ()


def carry(project: Project, new: Sequence[Episode]) -> Carried:
    """Give newly stored episodes the labels of the version before, in the transaction
    that stored them. What is asked of whole episodes stays: a longer run may end
    otherwise."""
    before = _versions_before(project, new)
    events: list[LabelEvent] = []
    standing = revised = 0
    left: list[Left] = []
    for episode in new:
        old = before.get((episode.external_id, episode.group))
        if old is not None:
            labels, matches = list(_standing(old)), _matches(old, episode)
            revised += 1
            standing += len(labels)
            events += _copies(episode, labels, matches)
            left += _left(episode, old, labels, matches)
    LabelEvent.objects.bulk_create(events)
    return Carried(revised, len(events), standing - len(events), tuple(left))


def aligned(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Which element of `new` each one of `old` is: equal, the same one of its equals,
    and as many as possible in the same order (O(n log n))."""
    at = {place: index for index, place in enumerate(_places(new))}
    pairs = [(i, at[place]) for i, place in enumerate(_places(old)) if place in at]
    kept = _longest_rising([j for _, j in pairs])
    return {pairs[k][0]: pairs[k][1] for k in kept}


def _versions_before(
    project: Project, new: Sequence[Episode]
) -> dict[tuple[str, str], Episode]:
    """By (external id, task): the newest labelled episode that isn't among the new."""
    named = [episode for episode in new if episode.external_id]
    if not named:
        return {}
    labelled = LabelEvent.objects.filter(episode=OuterRef("pk"), is_latest=True)
    rows = Episode.objects.filter(
        Exists(labelled),
        project=project,
        # the index; the id alone would read the whole table
        group__in={episode.group for episode in named},
        external_id__in={episode.external_id for episode in named},
    ).exclude(pk__in=[episode.pk for episode in new])
    oldest_first = rows.only("external_id", "group").order_by("created_at", "pk")
    return {(row.external_id, row.group): row for row in oldest_first}


def _standing(episode: Episode) -> Iterable[LabelEvent]:
    rows = LabelEvent.objects.filter(
        episode=episode, is_latest=True, value__isnull=False
    )
    return rows.select_related("step").order_by("sequence")


def _matches(old: Episode, new: Episode) -> dict[int, Step]:
    """The steps of `new` by the index of the same step in `old`."""
    steps = list(new.steps.only("index", "content_hash", "episode_id"))
    hashes = list(old.steps.values_list("content_hash", flat=True))
    found = aligned(hashes, [step.content_hash for step in steps])
    return {i: steps[j] for i, j in found.items()}


def _copies(
    episode: Episode, labels: Iterable[LabelEvent], matches: dict[int, Step]
) -> list[LabelEvent]:
    going = [one for one in labels if one.step and one.step.index in matches]
    return [
        LabelEvent(
            sequence=sequence,
            project_id=one.project_id,
            episode=episode,
            step=matches[one.step.index],
            user_id=one.user_id,
            axis=one.axis,
            value=one.value,
            provenance=_carried(one.provenance),
            guideline_version=one.guideline_version,
        )
        for sequence, one in enumerate(going, start=1)
        if one.step is not None
    ]


def _left(
    episode: Episode,
    old: Episode,
    labels: Iterable[LabelEvent],
    matches: dict[int, Step],
) -> list[Left]:
    lone = [one for one in labels if not (one.step and one.step.index in matches)]
    steps = sorted({one.step.index for one in lone if one.step})
    whole = any(one.step is None for one in lone)
    return [Left(str(episode.pk), str(old.pk), tuple(steps), whole)] if lone else []


def _carried(provenance: str) -> str:
    """What was carried counts as imported, and never for more than it did."""
    stronger = STRENGTH[Provenance(provenance)] < STRENGTH[Provenance.IMPORTED]
    return Provenance.IMPORTED if stronger else provenance


def _places(hashes: Sequence[str]) -> list[Place]:
    """Each hash with how many of its equals stand before it."""
    seen: Counter[str] = Counter()
    places = []
    for one in hashes:
        places.append((one, seen[one]))
        seen[one] += 1
    return places


def _longest_rising(values: Sequence[int]) -> list[int]:
    """Where the longest strictly rising subsequence of `values` stands in it."""
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for i, value in enumerate(values):
        length = bisect_left(ends, value)
        before.append(last[length - 1] if length else -1)
        ends[length : length + 1] = [value]
        last[length : length + 1] = [i]
    found, i = [], last[-1] if last else -1
    while i >= 0:
        found.append(i)
        i = before[i]
    return found[::-1]
