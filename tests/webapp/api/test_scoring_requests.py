"""How scores are asked for: in time, packed, line by line, twice with one key."""

import gzip
import json
import time
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
import redis
import zstandard
from rest_framework.test import APIClient

from tests import factories
from tests.webapp.api.test_scores import RUN, URL, score, spec  # noqa: F401
from webapp import replicas
from webapp.broker import broker
from webapp.models import Job, Project, RewardModel
from webapp.models.reward_model import ModelState
from webapp.recent import Promise

LINES = "application/x-ndjson"


def post(api: APIClient, body: Any, **headers: str) -> Any:
    return api.post(URL, body, format="json", headers=headers)


def lines(api: APIClient, body: str | bytes, **headers: str) -> list[dict[str, Any]]:
    response = api.generic("POST", URL, body, LINES, headers=headers)
    assert response.status_code == 200, response.content
    return [json.loads(line) for line in response.getvalue().splitlines()]


@pytest.mark.usefixtures("champion", "scorer")
def test_an_answer_says_where_its_time_went(api: APIClient) -> None:
    header = score(api, RUN).headers["Server-Timing"]
    spent = dict(part.split(";dur=") for part in header.split(", "))
    asked = ["parse", "ask", "read", "queue", "compute", "wait", "combine", "total"]
    assert list(spent) == asked
    assert 0 < float(spent["compute"]) < float(spent["total"])


@pytest.mark.parametrize("name", ["Prefer", "Deadline"])
def test_a_caller_waits_no_longer_than_they_say(
    api: APIClient, project: Project, live_broker: redis.Redis, name: str
) -> None:
    factories.a_reward_model(project, "champion")
    live_broker.zadd(replicas.SEEN, {"killed": time.time()})
    value = "wait=1" if name == "Prefer" else "0.5"
    began = time.monotonic()
    response = post(api, {"episodes": [RUN]}, **{name: value})
    assert (response.status_code, time.monotonic() - began < 5) == (503, True)
    assert int(response.headers["Retry-After"]) > 0


def test_who_would_rather_not_wait_gets_a_job_after_that_time(
    api: APIClient, project: Project, live_broker: redis.Redis
) -> None:
    factories.a_reward_model(project, "champion")
    live_broker.zadd(replicas.SEEN, {"killed": time.time()})
    preferred = "respond-async, wait=0.2"
    assert post(api, {"episodes": [RUN]}, Prefer=preferred).status_code == 202
    assert Job.objects.count() == 1


@pytest.mark.parametrize("value", ["wait=soon", "wait=-1", "wait=1e9", "wait=٣"])
def test_a_time_that_is_none_is_refused(api: APIClient, value: str) -> None:
    response = post(api, {"episodes": [RUN]}, Prefer=value.encode().decode("latin1"))
    assert response.status_code == 400


@pytest.mark.usefixtures("live_broker", "spec")
def test_a_key_gives_the_same_answer_again_and_refuses_another_question(
    api: APIClient, project: Project
) -> None:
    key = {"Idempotency-Key": "step-17"}
    first = post(api, {"episodes": [RUN]}, **key)
    Project.objects.filter(pk=project.pk).update(gamma=0.5)
    again = post(api, {"episodes": [RUN]}, **key)
    assert again.json() == first.json()
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert post(api, {"episodes": [RUN, RUN]}, **key).status_code == 409


@pytest.mark.usefixtures("spec")
@pytest.mark.parametrize(
    ("name", "pack"), [("gzip", gzip.compress), ("zstd", zstandard.compress)]
)
def test_packed_bodies_are_read_and_answers_packed_where_asked(
    api: APIClient, name: str, pack: Any
) -> None:
    body = json.dumps({"episodes": [RUN] * 100}).encode()
    headers = {"Content-Encoding": name, "Accept-Encoding": name}
    response = api.generic("POST", URL, pack(body), "application/json", headers=headers)
    assert response.headers["Content-Encoding"] == name
    unpack = {"gzip": gzip.decompress, "zstd": _unpack}[name]
    assert len(json.loads(unpack(response.content))["scores"]) == 100
    assert "Content-Encoding" not in score(api, RUN).headers


@pytest.mark.usefixtures("spec")
def test_a_short_answer_is_not_worth_packing(api: APIClient) -> None:
    response = post(api, {"episodes": [RUN]}, **{"Accept-Encoding": "gzip, zstd"})
    assert response.status_code == 200
    assert "Content-Encoding" not in response.headers
    assert response.headers["Vary"] == "Accept-Encoding, Accept-Language"


def _unpack(packed: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(packed)


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_a_bomb_is_refused_before_it_is_large(
    api: APIClient, settings: Any, name: str
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2**20
    pack = {"gzip": gzip.compress, "zstd": zstandard.compress}[name]
    headers = {"Content-Encoding": name}
    bomb = pack(b" " * 2**26)
    response = api.generic("POST", URL, bomb, "application/json", headers=headers)
    assert response.status_code == 413


@pytest.mark.parametrize(
    ("encoding", "status"), [("gzip", 400), ("zstd", 400), ("br", 415)]
)
def test_a_body_that_is_not_what_it_says_is_refused(
    api: APIClient, encoding: str, status: int
) -> None:
    for kind in ("application/json", LINES):
        response = api.generic(
            "POST", URL, b"{}", kind, headers={"Content-Encoding": encoding}
        )
        if status == 415 or kind != LINES:
            assert response.status_code == status


@pytest.mark.usefixtures("spec")
def test_a_cut_gzip_body_is_refused(api: APIClient) -> None:
    packed = gzip.compress(json.dumps({"episodes": [RUN]}).encode())[:-9]
    response = api.generic(
        "POST", URL, packed, "application/json", headers={"Content-Encoding": "gzip"}
    )
    assert (response.status_code, response.json()["code"]) == (400, "unreadable-file")


@pytest.mark.usefixtures("spec")
def test_what_is_wrong_with_a_line_is_said_in_its_place(api: APIClient) -> None:
    bad = ['{"task": 3}', "nonsense", '{"id": "00000000-0000-0000-0000-000000000000"}']
    rows = lines(api, "\n".join([json.dumps(RUN), "", *bad, json.dumps(RUN)]))
    assert [row["valid"] for row in rows] == [True, False, False, False, True]
    problems = [row["problem"] for row in rows[1:4]]
    assert [problem["line"] for problem in problems] == [3, 4, 5]
    assert all(problem["status"] == 400 for problem in problems)
    assert "no stored episode" in problems[2]["detail"]


@pytest.mark.usefixtures("champion", "scorer")
def test_lines_are_scored_as_one_request_would_be(api: APIClient) -> None:
    runs = [factories.a_run(outcome={"success": True}).to_dict() for _ in range(20)]
    packed = gzip.compress("\n".join(map(json.dumps, runs)).encode())
    rows = lines(api, packed, **{"Content-Encoding": "gzip"})
    whole = post(api, {"episodes": runs}).json()["scores"]
    assert [row["total"] for row in rows] == [row["total"] for row in whole]
    assert [row["steps"] for row in rows] == [row["steps"] for row in whole]


@pytest.mark.usefixtures("spec")
def test_lines_are_packed_so_that_each_can_be_read_at_once(api: APIClient) -> None:
    body = "\n".join([json.dumps(RUN)] * 3)
    response = api.generic(
        "POST", URL, body, LINES, headers={"Accept-Encoding": "gzip"}
    )
    unpacker = zlib.decompressobj(31)
    pieces = [unpacker.decompress(piece) for piece in response.streaming_content]
    assert [piece.count(b"\n") for piece in pieces] == [1, 1, 1, 0]


def test_a_stream_without_a_scorer_is_refused_as_a_whole(
    api: APIClient, project: Project
) -> None:
    factories.a_reward_model(project, "champion")
    response = api.generic("POST", URL, json.dumps(RUN), LINES)
    assert response.status_code == 503


@pytest.mark.usefixtures("spec")
def test_when_all_seats_are_taken_the_next_caller_is_told_at_once(
    api: APIClient, settings: Any
) -> None:
    stream = api.generic("POST", URL, json.dumps(RUN), LINES)
    settings.SCORE_SEATS = 1
    refused = score(api, RUN)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert stream.getvalue()
    assert score(api, RUN).status_code == 200


@pytest.mark.usefixtures("scorer")
def test_a_trainers_next_request_meets_the_new_champion(
    api: APIClient, project: Project, champion: RewardModel, settings: Any
) -> None:
    settings.TOKEN_CACHE_SECONDS = 60
    other = factories.a_reward_model(
        project, version=champion.version + 1, sha256=champion.sha256
    )

    def serving() -> str:
        return str(score(api, RUN).json()["scores"][0]["model"]["id"])

    assert serving() == f"v{champion.version}"
    # as another process does it, of which this one has not heard
    champion.state, other.state = ModelState.RETIRED, ModelState.CHAMPION
    champion.save()
    other.save()
    broker().incr(Promise(f"champion:{project.pk}", "").key)
    assert serving() == f"v{other.version}"
    assert serving() == f"v{other.version}"


@pytest.mark.usefixtures("champion", "scorer")
def test_a_trainers_next_request_asks_the_database_nothing(
    api: APIClient,
    settings: Any,
    django_assert_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:
    settings.TOKEN_CACHE_SECONDS = 60
    first = score(api, RUN)
    with django_assert_num_queries(0):
        again = score(api, RUN)
    assert again.json()["scores"][0]["steps"] == first.json()["scores"][0]["steps"]
