"""Consensus: whose word counts, and what a majority is."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests import factories
from webapp.models import Episode
from webapp.services import consensus
from webapp.services.consensus import Consensus, Vote


def agreed(*given: tuple[str, Any], axis: str = "verdict") -> Consensus:
    step = 0 if axis == "verdict" else None
    episode = uuid.uuid4()
    votes = [Vote(uuid.uuid4(), episode, step, axis, v, p, 1, 1) for p, v in given]
    [row] = consensus.settle(votes)
    return row


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ([("human", 1)], 1),
        ([("human", 1), ("human", -1), ("human", -1)], -1),
        ([("human", 0), ("human", -1)], 0),
        ([("human", 0), ("human", 1)], 0),
        ([("human", 1), ("human", -1)], 1),
        ([("human", 1), ("human", 1), ("adjudicated", -1)], -1),
        ([("human", 1), ("imported", -1), ("imported", -1)], 1),
        ([("imported", 1), ("judge", -1)], 1),
        ([("rollout", -1), ("imported", 0), ("judge", 1)], 0),
        ([("human", "unsure"), ("judge", -1)], -1),
        ([("human", "unsure"), ("human", "unsure")], None),
    ],
)
def test_the_strongest_kind_decides_and_a_tie_goes_to_the_milder(
    given: list[tuple[str, Any]], verdict: int | None
) -> None:
    assert agreed(*given).verdicts.get(0) == verdict
    assert agreed(*reversed(given)).verdicts.get(0) == verdict


@pytest.mark.parametrize(
    ("given", "weight", "provenance"),
    [
        ([("human", 1)], 1.0, "human"),
        ([("imported", -1)], 1.0, "imported"),
        ([("human", 1), ("human", 1), ("human", -1), ("judge", -1)], 2 / 3, "human"),
        ([("human", 0), ("human", -1), ("adjudicated", -1)], 1.0, "adjudicated"),
        ([("rollout", -1)], 0.5, "rollout"),
        ([("judge", 1), ("judge", 1)], 0.5, "judge"),
        ([("imported", 1), ("rollout", 1)], 0.75, "imported"),
        ([("imported", 1), ("rollout", 0)], 0.25, "rollout"),
    ],
)
def test_a_doubtful_label_teaches_less_and_says_who_gave_it(
    given: list[tuple[str, Any]], weight: float, provenance: str
) -> None:
    row = agreed(*given)
    assert row.weights[0] == pytest.approx(weight)
    assert (row.provenances[0], row.provenance) == (provenance, provenance)
    assert agreed(*reversed(given)).provenances == row.provenances


@pytest.mark.parametrize(("outcome", "success"), [(1, True), (-1, False), (0, None)])
def test_partly_solved_is_neither_success_nor_failure(
    outcome: int, success: bool | None
) -> None:
    assert agreed(("human", outcome), axis="outcome").success is success
    assert agreed(("human", 1)).success is None


def test_preferences_are_averaged() -> None:
    row = agreed(("human", 0.5), ("human", 1.0), ("judge", 0.0), axis="preference")

    assert row.preference == 0.75


def test_what_was_taken_back_is_no_vote(
    episode: Episode, alice: User, bob: User
) -> None:
    factories.a_label(episode, alice, -1)
    factories.a_label(episode, alice, None)
    factories.a_label(episode, bob, 1)

    [row] = consensus.verdicts(episode.project)

    assert row.series(3) == (1, None, None)


def test_a_bad_task_is_said_so(episode: Episode, alice: User) -> None:
    factories.a_label(episode, alice, "no such shop", step=None, axis="bad_task")

    [row] = consensus.verdicts(episode.project)

    assert (row.bad_task, row.verdicts) == (True, {})


def test_a_project_is_read_in_one_query(
    episode: Episode, alice: User, django_assert_num_queries: Any
) -> None:
    for other in [episode, *(factories.an_episode(episode.project) for _ in range(5))]:
        factories.a_label(other, alice, 1)

    with django_assert_num_queries(1):
        assert len(list(consensus.verdicts(episode.project))) == 6
