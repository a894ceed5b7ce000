"""A run uploaded again, longer or cut anew, keeps the labels of its steps."""

from itertools import combinations, pairwise
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from scoring import schema
from tests import factories
from webapp.models import Episode, LabelEvent, Project
from webapp.services import consensus, episodes, labels
from webapp.services.carrying import Left, aligned
from webapp.services.episodes import Counts


def a_version(*texts: str, run: str = "run", task: str = "Do it.") -> schema.Episode:
    steps = [{"text": text} for text in texts]
    return schema.Episode.from_dict({"id": run, "task": task, "steps": steps})


def store(project: Project, *runs: schema.Episode) -> Counts:
    counts = episodes.create_chunk(project, list(runs), source_format="pacenote")
    return Counts(**counts.numbers())


def stored(project: Project, run: schema.Episode) -> Episode:
    return project.episodes.get(content_hash=run.content_hash())


def verdicts(episode: Episode, user: User) -> dict[int, Any]:
    steps = labels.current(episode, user=user)["steps"]
    return {index: axes["verdict"] for index, axes in steps.items()}


@pytest.fixture
def judged(project: Project, bob: User) -> Episode:
    """Steps a, b, a, each with a verdict; and one on the whole."""
    run = a_version("a", "b", "a")
    store(project, run)
    episode = stored(project, run)
    for index, value in enumerate((1, -1, 0)):
        factories.a_label(episode, bob, value, step=index)
    factories.a_label(episode, bob, -1, step=None, axis="outcome")
    return episode


def test_a_longer_version_keeps_the_labels_of_its_steps(
    project: Project, judged: Episode, bob: User
) -> None:
    longer = a_version("a", "b", "a", "c", "a")

    assert store(project, longer) == Counts(1, 0, 1, carried=3, unmatched=1)
    assert verdicts(stored(project, longer), bob) == {0: 1, 1: -1, 2: 0}


def test_steps_cut_anew_lose_only_what_changed(
    project: Project, judged: Episode, bob: User
) -> None:
    anew = a_version("plan", "a", "b, said otherwise", "a")

    assert store(project, anew) == Counts(1, 0, 1, carried=2, unmatched=2)
    assert verdicts(stored(project, anew), bob) == {1: 1, 3: 0}


def test_what_was_left_behind_is_told_step_by_step(
    project: Project, judged: Episode
) -> None:
    anew = a_version("plan", "a", "b, said otherwise", "a")

    counts = episodes.create_chunk(project, [anew], source_format="pacenote")

    new = stored(project, anew)
    assert counts.left == (Left(str(new.pk), str(judged.pk), (1,), whole=True),)


def test_who_judged_by_which_guideline_stays_and_the_carrying_is_told(
    project: Project, judged: Episode, bob: User
) -> None:
    project.guideline_version += 1
    project.save()
    longer = a_version("a", "b", "a", "c")
    store(project, longer)

    for event in stored(project, longer).label_events.all():
        assert (event.user, event.provenance) == (bob, "imported")
        assert event.guideline_version == project.guideline_version - 1


def test_the_old_episode_is_not_touched(project: Project, judged: Episode) -> None:
    before = list(judged.label_events.values())
    store(project, a_version("a", "b", "a", "c"))

    assert list(judged.label_events.values()) == before


def test_a_persons_later_word_counts_for_more(
    project: Project, judged: Episode, alice: User
) -> None:
    longer = a_version("a", "b", "a", "c")
    store(project, longer)
    episode = stored(project, longer)
    factories.a_label(episode, alice, 1, step=1)

    [agreed] = consensus.verdicts(project, episode_ids=[episode.pk])
    assert agreed.verdicts == {0: 1, 1: 1, 2: 0}


def test_a_judges_label_is_not_raised(project: Project, bob: User) -> None:
    run, longer = a_version("a"), a_version("a", "b")
    store(project, run)
    labels.import_verdicts(
        stored(project, run), user=bob, verdicts=[1], provenance="judge"
    )
    store(project, longer)

    assert stored(project, longer).label_events.get().provenance == "judge"


def test_what_was_taken_back_stays_back(
    project: Project, judged: Episode, bob: User
) -> None:
    factories.a_label(judged, bob, None, step=0)
    longer = a_version("a", "b", "a", "c")
    store(project, longer)

    assert verdicts(stored(project, longer), bob) == {1: -1, 2: 0}


@pytest.mark.parametrize(
    "other", [{"run": "another"}, {"task": "Do that."}, {"run": ""}]
)
def test_another_run_is_no_version(
    project: Project, judged: Episode, other: dict[str, str]
) -> None:
    assert store(project, a_version("a", "b", "a", "c", **other)) == Counts(1)


def test_another_project_is_not_looked_at(judged: Episode) -> None:
    assert store(factories.a_project(), a_version("a", "b", "a", "c")) == Counts(1)


def test_an_upload_repeated_carries_nothing_twice(
    project: Project, judged: Episode
) -> None:
    longer = a_version("a", "b", "a", "c")
    store(project, longer)
    count = LabelEvent.objects.count()

    assert store(project, longer) == Counts(0, 1)
    assert LabelEvent.objects.count() == count


WORDS = st.lists(st.sampled_from("abc"), max_size=7).map("".join)


@given(WORDS, WORDS)
def test_an_alignment_is_equal_in_order_and_the_longest(old: str, new: str) -> None:
    found = aligned(old, new)

    def nth(text: str, index: int) -> tuple[str, int]:
        return text[index], text[:index].count(text[index])

    pairs = [(i, j) for i in range(len(old)) for j in range(len(new))]
    same = [(i, j) for i, j in pairs if nth(old, i) == nth(new, j)]
    assert set(found.items()) <= set(same)
    assert list(found.values()) == sorted(found.values())
    rising = (
        size
        for size in range(len(same), -1, -1)
        for some in combinations(sorted(same), size)
        if all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(some))
    )
    assert len(found) == next(rising)
