"""OpenRLHF's client as it is: one POST of JSON to the one URL it was given."""

from typing import Any

import httpx
import pytest
from django.contrib.auth.models import User

from scoring import rewards
from tests import factories
from webapp.models import Project
from webapp.services import reward_specs
from webapp.wsgi import application

pytestmark = pytest.mark.usefixtures("one_connection")
KEYS = {"valid", "final", "process", "auxiliary", "social", "gate"}


@pytest.fixture
def url(alice: User, project: Project) -> str:
    """What goes behind --reward.remote_url: the token is part of it."""
    _, secret = factories.a_token(alice, project, "score")
    return f"http://token:{secret}@localhost/compat/openrlhf/get_reward"


@pytest.fixture
def brevity(project: Project, alice: User) -> None:
    """A spec that can tell without any model: only repetition costs something."""
    body = rewards.named("rlhf_t1").to_dict() | {"id": "reward/brevity"}
    body["components"]["social"] = {"weight": 0.0, "missing": "neutral"}
    body["components"]["auxiliary"]["weight"] = 1.0
    spec = reward_specs.create(rewards.Spec.from_dict(body), user=alice)
    Project.objects.filter(pk=project.pk).update(spec=spec)


def post(url: str, *queries: str, prompt: str = "Say hi.", label: Any = "hi") -> Any:
    """The same body as its `remote_rm_fn` sends."""
    data = {
        "query": list(queries),
        "prompts": [prompt] * len(queries),
        "labels": [label] * len(queries),
    }
    with httpx.Client(transport=httpx.WSGITransport(app=application)) as client:
        return client.post(url, json=data)


def test_one_sample_is_answered_with_one_number_each(url: str, brevity: None) -> None:
    answer = post(url, "<|im_start|>Say hi.<|im_end|>Hi there.<|im_end|>").json()
    assert answer["extra_logs"]["valid"] == [1.0]
    assert [len(answer[name]) for name in ("rewards", "scores")] == [1, 1]
    assert answer["scores"][0] == pytest.approx((1 + answer["rewards"][0]) / 2)


def test_repetition_is_worth_less(url: str, brevity: None) -> None:
    once, again = (
        post(url, "Say hi." + "Hi there, my old friend. " * times).json()["rewards"][0]
        for times in (1, 60)
    )
    assert once > again


def test_empty_lists_are_answered_with_empty_lists(url: str) -> None:
    answer = post(url).json()
    assert (answer["rewards"], answer["scores"]) == ([], [])
    assert answer["extra_logs"] == {key: [] for key in KEYS}


@pytest.mark.parametrize("query", ["", "Say hi.", "Say hi.<|im_end|>", "Say hi.Hi."])
def test_without_an_honest_number_it_is_zero_and_marked(url: str, query: str) -> None:
    response = post(url, query)
    answer = response.json()
    assert response.status_code == 200
    assert (answer["rewards"], answer["scores"]) == ([0.0], [0.5])
    assert answer["extra_logs"]["valid"] == [0.0]
    assert set(answer["extra_logs"]) == KEYS


@pytest.mark.parametrize("label", [None, 3, {"a": 1}, ["x"]])
def test_labels_may_be_anything(url: str, brevity: None, label: Any) -> None:
    assert post(url, "Say hi.Hi.", label=label).json()["extra_logs"]["valid"] == [1.0]


def test_a_separator_splits_a_response_into_steps(url: str, brevity: None) -> None:
    parts = "Say hi." + "\n\n".join(f"Thought {i}." for i in range(5))
    assert post(f"{url}?separator=%0A%0A", parts).json()["extra_logs"]["valid"] == [1.0]


@pytest.mark.parametrize("secret", ["wrong", "", "%00"])
def test_a_wrong_token_fails_at_once_and_loudly(db: None, secret: str) -> None:
    url = f"http://token:{secret}@localhost/compat/openrlhf/get_reward"
    assert post(url, "x").status_code == 401


def test_the_token_is_in_no_log(url: str, caplog: pytest.LogCaptureFixture) -> None:
    httpx.Client(transport=httpx.WSGITransport(app=application)).post(url, json=[])
    assert "get_reward" in caplog.text
    assert "pace_" not in caplog.text
