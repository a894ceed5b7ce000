"""Labels: events that are never lost, doubled or rewritten."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from scoring.errors import InvalidInput
from tests import factories
from webapp.errors import Conflict
from webapp.models import Episode, LabelEvent
from webapp.services import labels

FACTS = ("id", "sequence", "axis", "value", "previous", "provenance", "undoes")


def verdicts(episode: Episode, user: User) -> dict[int, Any]:
    steps = labels.current(episode, user=user)["steps"]
    return {index: said["verdict"] for index, said in steps.items()}


def test_a_verdict_is_an_event_and_the_current_state(
    episode: Episode, alice: User
) -> None:
    event = factories.a_label(episode, alice, -1, step=1, active_ms=900)

    assert (event.value, event.previous, event.sequence) == (-1, None, 1)
    assert event.guideline_version == episode.project.guideline_version
    assert verdicts(episode, alice) == {1: -1}


def test_a_changed_mind_is_a_second_event(episode: Episode, alice: User) -> None:
    factories.a_label(episode, alice, 1)
    second = factories.a_label(episode, alice, -1)

    assert (second.value, second.previous, second.sequence) == (-1, 1, 2)
    assert list(episode.label_events.values_list("value", "is_latest")) == [
        (1, False),
        (-1, True),
    ]


def test_the_same_write_twice_is_one_event(episode: Episode, alice: User) -> None:
    event_id = uuid.uuid4()
    first = factories.a_label(episode, alice, 0, event_id=event_id)
    again = factories.a_label(episode, alice, 0, event_id=event_id)

    assert first == again
    assert episode.label_events.count() == 1


def test_a_late_repeat_does_not_bring_an_old_value_back(
    episode: Episode, alice: User
) -> None:
    old = factories.a_label(episode, alice, 1)
    factories.a_label(episode, alice, -1)
    factories.a_label(episode, alice, 1, event_id=old.pk)

    assert verdicts(episode, alice) == {0: -1}


def test_one_id_cannot_stand_for_two_judgements(
    episode: Episode, alice: User, bob: User
) -> None:
    event = factories.a_label(episode, alice, 1)

    with pytest.raises(Conflict):
        factories.a_label(episode, alice, -1, event_id=event.pk)
    with pytest.raises(Conflict):
        factories.a_label(episode, bob, 1, event_id=event.pk)


def test_a_write_that_expects_another_value_is_told_the_current_one(
    episode: Episode, alice: User
) -> None:
    factories.a_label(episode, alice, 1)

    with pytest.raises(Conflict) as conflict:
        factories.a_label(episode, alice, 0, expected_previous=None)

    assert conflict.value.extra == {"current": 1}
    assert verdicts(episode, alice) == {0: 1}
    factories.a_label(episode, alice, 0, expected_previous=1)
    assert verdicts(episode, alice) == {0: 0}


def test_people_do_not_overwrite_each_other(
    episode: Episode, alice: User, bob: User
) -> None:
    factories.a_label(episode, alice, 1)
    factories.a_label(episode, bob, -1)

    assert (verdicts(episode, alice), verdicts(episode, bob)) == ({0: 1}, {0: -1})


def test_the_whole_episode_is_judged_on_its_own_axes(
    episode: Episode, alice: User
) -> None:
    for axis, value in {"outcome": -1, "preference": 1, "harm": False}.items():
        factories.a_label(episode, alice, value, step=None, axis=axis)
    factories.a_label(episode, alice, "odd", step=2, axis="comment")

    current = labels.current(episode, user=alice)

    assert current == {
        "steps": {2: {"comment": "odd"}},
        "outcome": -1,
        "preference": 1.0,
        "harm": False,
        "privacy": None,
        "bad_task": None,
        "comment": None,
    }


def test_undo_goes_back_to_the_beginning_and_stops_there(
    episode: Episode, alice: User
) -> None:
    factories.a_label(episode, alice, 1)
    factories.a_label(episode, alice, -1)
    factories.a_label(episode, alice, "unsure", step=2)
    seen = []
    while labels.undo(episode, user=alice, event_id=uuid.uuid4()):
        seen.append(verdicts(episode, alice))

    assert seen == [{0: -1}, {0: 1}, {}]
    assert episode.label_events.count() == 6


def test_a_new_judgement_after_an_undo_is_the_next_to_be_undone(
    episode: Episode, alice: User
) -> None:
    factories.a_label(episode, alice, 1)
    labels.undo(episode, user=alice, event_id=uuid.uuid4())
    factories.a_label(episode, alice, 0)
    labels.undo(episode, user=alice, event_id=uuid.uuid4())

    assert verdicts(episode, alice) == {}
    assert labels.undo(episode, user=alice, event_id=uuid.uuid4()) is None


def test_an_undo_sent_twice_undoes_once(episode: Episode, alice: User) -> None:
    factories.a_label(episode, alice, 1)
    factories.a_label(episode, alice, -1)
    event_id = uuid.uuid4()
    first = labels.undo(episode, user=alice, event_id=event_id)
    again = labels.undo(episode, user=alice, event_id=event_id)

    assert first == again
    assert verdicts(episode, alice) == {0: 1}


def test_undo_touches_nobody_elses_judgement(
    episode: Episode, alice: User, bob: User
) -> None:
    event = factories.a_label(episode, alice, 1)

    assert labels.undo(episode, user=bob, event_id=uuid.uuid4()) is None
    with pytest.raises(Conflict):
        labels.undo(episode, user=bob, event_id=event.pk)


def test_history_never_changes(episode: Episode, alice: User) -> None:
    for value in (1, 0, -1):
        factories.a_label(episode, alice, value)
    before = list(LabelEvent.objects.values(*FACTS, "created_at"))
    labels.undo(episode, user=alice, event_id=uuid.uuid4())
    factories.a_label(episode, alice, "unsure")

    assert list(LabelEvent.objects.values(*FACTS, "created_at"))[:3] == before


@pytest.mark.parametrize(
    ("axis", "step", "value"),
    [
        ("verdict", 0, 2),
        ("verdict", 0, True),
        ("verdict", 0, 1.0),
        ("verdict", 0, [1]),
        ("verdict", None, 1),
        ("verdict", 3, 1),
        ("verdict", -1, 1),
        ("verdict", True, 1),
        ("verdict", 10**30, 1),
        ("outcome", None, 0.5),
        ("outcome", 0, 1),
        ("preference", None, 1.01),
        ("preference", None, float("nan")),
        ("preference", None, True),
        ("harm", None, 0),
        ("comment", 0, "a\x00b"),
        ("comment", None, "\ud800"),
        ("comment", None, "x" * 10_001),
        ("bad_task", None, 7),
        ("mood", None, 1),
    ],
)
def test_what_an_axis_does_not_take_is_refused(
    episode: Episode, alice: User, axis: str, step: Any, value: Any
) -> None:
    with pytest.raises(InvalidInput) as refused:
        factories.a_label(episode, alice, value, step=step, axis=axis)

    assert refused.value.pointer
    assert not episode.label_events.exists()


def test_imported_verdicts_are_written_once(episode: Episode, alice: User) -> None:
    given: dict[str, Any] = {"verdicts": [1, None, -1], "outcome": -1, "harm": False}

    assert labels.import_verdicts(episode, user=alice, **given) == 4
    assert labels.import_verdicts(episode, user=alice, **given) == 0
    assert verdicts(episode, alice) == {0: 1, 2: -1}
    assert {e.provenance for e in episode.label_events.all()} == {"imported"}


def test_a_corrected_import_replaces_what_differs(
    episode: Episode, alice: User
) -> None:
    labels.import_verdicts(episode, user=alice, verdicts=[1, 1, 1])

    assert labels.import_verdicts(episode, user=alice, verdicts=[1, -1, 1]) == 1
    assert verdicts(episode, alice) == {0: 1, 1: -1, 2: 1}


def test_more_verdicts_than_steps_are_refused(episode: Episode, alice: User) -> None:
    with pytest.raises(InvalidInput):
        labels.import_verdicts(episode, user=alice, verdicts=[1] * 4)


@pytest.mark.django_db(transaction=True)
def test_many_people_at_once_lose_nothing_and_share_no_sequence() -> None:
    project = factories.a_project()
    episode = factories.an_episode(project, 10)
    people = [factories.a_member(project) for _ in range(8)]

    def judge(user: User) -> None:
        for step in range(10):
            factories.a_label(episode, user, 1, step=step)
        connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(judge, people))

    sequences = list(episode.label_events.values_list("sequence", flat=True))
    assert sequences == list(range(1, 81))


@pytest.mark.django_db(transaction=True)
def test_a_write_sent_by_many_at_once_is_one_event() -> None:
    project = factories.a_project()
    episode, user = factories.an_episode(project), factories.a_member(project)
    event_id = uuid.uuid4()

    def send(_: int) -> int:
        event = factories.a_label(episode, user, 1, event_id=event_id)
        connection.close()
        return int(event.sequence)

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(send, range(12))) == {1}
    assert episode.label_events.count() == 1


def test_an_undo_never_answers_with_somebody_elses_undo(
    episode: Episode, alice: User, bob: User
) -> None:
    event_id = uuid.uuid4()
    factories.a_label(episode, alice, 1)
    factories.a_label(episode, bob, -1)
    labels.undo(episode, user=alice, event_id=event_id)
    with pytest.raises(Conflict):
        labels.undo(episode, user=bob, event_id=event_id)
