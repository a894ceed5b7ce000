"""Snapshots: a training set that never changes."""

from collections import Counter

import pytest
from django.contrib.auth.models import User

from scoring.errors import NotEnoughLabels
from tests import factories
from webapp.errors import Invalid
from webapp.models import Project
from webapp.services import episodes, labels, snapshots


@pytest.fixture
def labelled(alice: User) -> Project:
    return factories.a_labelled_project(alice)


def test_the_same_labels_are_the_same_snapshot(labelled: Project, alice: User) -> None:
    first = snapshots.take(labelled, user=alice)

    assert snapshots.take(labelled, user=alice) == first
    assert labelled.snapshots.count() == 1


def test_another_label_or_seed_is_another_snapshot(
    labelled: Project, alice: User
) -> None:
    first = snapshots.take(labelled, user=alice)
    reseeded = snapshots.take(labelled, user=alice, seed=1)
    factories.a_label(labelled.episodes.earliest("pk"), alice, 0)
    relabelled = snapshots.take(labelled, user=alice)

    assert len({first.sha256, reseeded.sha256, relabelled.sha256}) == 3


def test_what_people_said_of_the_conduct_is_in_it(
    labelled: Project, alice: User
) -> None:
    labels_of = {"preference": 0.25, "harm": False, "privacy": True}
    unjudged = factories.an_episode(labelled, task="Only its manners were judged.")
    for axis, value in labels_of.items():
        factories.a_label(unjudged, alice, value, step=None, axis=axis)

    rows = list(snapshots.examples(snapshots.take(labelled, user=alice)))

    [row] = [row for row in rows if row.episode.task == unjudged.task]
    assert row.social == {"harm": 0.0, "rude": 0.75, "privacy": 1.0}
    assert set(row.verdicts) == {None}
    assert all(other.social == {} for other in rows if other is not row)


def test_the_counts_say_what_is_in_it(labelled: Project, alice: User) -> None:
    counts = snapshots.take(labelled, user=alice).counts

    assert (counts["episodes"], counts["tasks"], counts["steps"]) == (24, 24, 72)
    assert counts["verdicts"] == {"-1": 12, "0": 24, "1": 36}
    assert sum(counts["splits"].values()) == 24
    assert set(counts["splits"]) == {"train", "calibration", "test"}


def test_who_judged_is_kept_with_every_run(labelled: Project, alice: User) -> None:
    doubted = labelled.episodes.earliest("pk")
    bob = factories.a_user("bob")
    factories.a_label(doubted, alice, 1, step=0)
    factories.a_label(doubted, bob, -1, step=0)
    labels.import_verdicts(
        factories.an_episode(labelled), user=bob, verdicts=[1], provenance="rollout"
    )

    snapshot = snapshots.take(labelled, user=alice)
    rows = {row.pk: row for row in snapshots.examples(snapshot)}

    assert snapshot.counts["provenance"] == {"human": 72, "rollout": 1}
    assert rows[doubted.pk].weights == (0.5, 1.0, 1.0)
    assert Counter(row.provenance for row in rows.values()) == {
        "human": 24,
        "rollout": 1,
    }


def test_runs_of_one_task_are_on_one_side(alice: User) -> None:
    project = factories.a_project(owner=alice)
    for i in range(24):
        episode = factories.an_episode(project, task=f"Task {i // 3}")
        verdicts = [1, -1, 0]
        labels.import_verdicts(episode, user=alice, verdicts=verdicts)

    sides: dict[str, set[str]] = {}
    for row in snapshots.examples(snapshots.take(project, user=alice)):
        sides.setdefault(row.episode.task, set()).add(row.split)

    assert len(sides) == 8
    assert all(len(side) == 1 for side in sides.values())


def test_examples_are_what_was_judged(labelled: Project, alice: User) -> None:
    rows = list(snapshots.examples(snapshots.take(labelled, user=alice)))

    assert {(row.verdicts, row.success) for row in rows} == {
        ((1, -1, 0), False),
        ((1, 1, 0), True),
    }
    assert {row.episode.id for row in rows} == {
        e.external_id for e in labelled.episodes.all()
    }


def test_labels_made_later_do_not_count(labelled: Project, alice: User) -> None:
    snapshot = snapshots.take(labelled, user=alice)
    before = list(snapshots.examples(snapshot))
    for episode in labelled.episodes.all():
        factories.a_label(episode, alice, -1)
        factories.a_label(episode, factories.a_member(labelled), -1)

    assert list(snapshots.examples(snapshot)) == before


def test_a_deleted_episode_is_noticed(labelled: Project, alice: User) -> None:
    snapshot = snapshots.take(labelled, user=alice)
    episodes.delete(labelled.episodes.earliest("pk"))

    with pytest.raises(Invalid, match="deleted"):
        list(snapshots.examples(snapshot))


def test_bad_tasks_and_unsure_steps_stay_out(labelled: Project, alice: User) -> None:
    bad, doubtful = labelled.episodes.order_by("pk")[:2]
    factories.a_label(bad, alice, "unreadable", step=None, axis="bad_task")
    factories.a_label(doubtful, alice, "unsure")

    snapshot = snapshots.take(labelled, user=alice)

    assert (snapshot.counts["episodes"], snapshot.counts["steps"]) == (23, 68)


def test_the_outcome_of_the_file_counts_where_nobody_judged_it(alice: User) -> None:
    project = factories.a_project(owner=alice)
    for i in range(12):
        outcome = {"success": i > 5}
        episode = factories.an_episode(project, task=f"Task {i}", outcome=outcome)
        labels.import_verdicts(episode, user=alice, verdicts=[1, -1, None])

    rows = snapshots.examples(snapshots.take(project, user=alice))

    assert sorted(row.success or False for row in rows) == [False] * 6 + [True] * 6


def test_too_few_labels_are_counted_for_the_user(project: Project, alice: User) -> None:
    with pytest.raises(NotEnoughLabels, match="0 labelled steps of 0 tasks"):
        snapshots.take(project, user=alice)
    for _ in range(4):
        factories.a_label(factories.an_episode(project), alice, 1)
    with pytest.raises(NotEnoughLabels, match="0 steps marked wrong"):
        snapshots.take(project, user=alice)
    assert not project.snapshots.exists()
