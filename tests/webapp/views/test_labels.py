"""Judgements as the workspace's script and its plain forms write them."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.webapp.views import payloads
from webapp.models import Episode, LabelEvent
from webapp.services import labels

JSON = {"Accept": "application/json"}


@pytest.fixture
def path(episode: Episode) -> str:
    return f"/episodes/{episode.pk}/label/"


def said(value: object = "1", **fields: Any) -> dict[str, Any]:
    return {"axis": "verdict", "step_index": 0, "value": value, **fields}


def test_a_form_without_script_goes_on_to_the_next_step(
    as_bob: Client, episode: Episode, path: str
) -> None:
    answer = as_bob.post(path, said("-1"))

    assert LabelEvent.objects.get().value == -1
    assert answer.headers["Location"] == f"/episodes/{episode.pk}/?step=1#step-1"


def test_after_the_last_step_the_form_stays_there(as_bob: Client, path: str) -> None:
    answer = as_bob.post(path, said(step_index=2))

    assert answer.headers["Location"].endswith("?step=2#step-2")


@pytest.mark.parametrize(
    ("axis", "text", "value"),
    [
        *(("verdict", "unsure", "unsure"), ("verdict", "0", 0), ("outcome", "1", 1)),
        *(
            ("preference", "0.25", 0.25),
            ("harm", "true", True),
            ("harm", "false", False),
        ),
        ("comment", payloads.SCRIPT, payloads.SCRIPT),
        ("bad_task", "the reference is wrong", "the reference is wrong"),
    ],
)
def test_every_question_takes_its_answers(
    as_bob: Client, path: str, axis: str, text: str, value: object
) -> None:
    step = {"step_index": 0} if axis in {"verdict", "comment"} else {}

    assert as_bob.post(path, {"axis": axis, "value": text, **step}).status_code == 302
    assert LabelEvent.objects.get().value == value


def test_an_empty_value_takes_a_judgement_back(
    as_bob: Client, bob: User, episode: Episode, path: str
) -> None:
    as_bob.post(path, said("1"))
    as_bob.post(path, said(""))

    assert labels.current(episode, user=bob)["steps"] == {}
    assert LabelEvent.objects.count() == 2, "the log keeps both"


def test_a_request_sent_twice_is_one_event(as_bob: Client, path: str) -> None:
    fields = said(event_id=uuid.uuid4(), active_ms=1200, score_visible="true")

    answers = [as_bob.post(path, fields, headers=JSON) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    event = LabelEvent.objects.get()
    assert (event.active_ms, event.score_visible) == (1200, True)


def test_a_stale_page_is_told_what_stands(as_bob: Client, path: str) -> None:
    as_bob.post(path, said("1"))

    answer = as_bob.post(path, said("-1", expected=""), headers=JSON)

    assert answer.status_code == 409
    assert answer.json()["current"] == 1
    assert LabelEvent.objects.count() == 1


def test_undo_goes_back_a_judgement_at_a_time(
    as_bob: Client, bob: User, episode: Episode, path: str
) -> None:
    as_bob.post(path, said("1"))
    as_bob.post(path, said("-1"))
    undo = f"/episodes/{episode.pk}/undo/"

    first = as_bob.post(undo, {"event_id": uuid.uuid4()}, headers=JSON).json()
    as_bob.post(undo)
    nothing = as_bob.post(undo, headers=JSON).json()

    assert (first["step_index"], first["value"], first["previous"]) == (0, 1, -1)
    assert labels.current(episode, user=bob)["steps"] == {}
    assert nothing == {"axis": None}


@pytest.mark.parametrize(
    "fields",
    [
        *({"value": "2"}, {"value": "1.0"}, {"value": "true"}, {"step_index": 99}),
        *({"step_index": -1}, {"step_index": "x"}, {"axis": "taste"}, {"axis": ""}),
        *({"event_id": "1"}, {"active_ms": -5}, {"axis": "harm", "value": "1"}),
        *({"axis": "comment", "value": "x" * 30_000}, {"step_index": ""}),
        {"axis": "comment", "value": "nul \x00"},
    ],
)
def test_what_cannot_be_is_refused_in_words(
    as_bob: Client, path: str, fields: dict[str, Any]
) -> None:
    answer = as_bob.post(path, said() | fields, headers=JSON)

    assert answer.status_code == 400
    assert answer.json()["detail"]
    assert as_bob.post(path, said() | fields).status_code == 400
    assert not LabelEvent.objects.exists()


def test_strangers_label_nothing(
    as_charlie: Client, episode: Episode, path: str
) -> None:
    assert as_charlie.post(path, said()).status_code == 404
    assert as_charlie.post(f"/episodes/{episode.pk}/undo/").status_code == 404


def test_a_form_of_another_site_is_turned_away(bob: User, path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)

    page = client.post(path, said())

    assert page.status_code == 403
    assert "expired" in page.content.decode()


@pytest.mark.parametrize("action", ["label", "undo"])
def test_reading_judges_nothing(as_bob: Client, episode: Episode, action: str) -> None:
    assert as_bob.get(f"/episodes/{episode.pk}/{action}/").status_code == 405
