"""What stock parsers let through or fall over: each a 400 that says where."""

import json
from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from webapp.models import Job

# the text of one value, wherever a string or a number may stand
VALUES = {
    "depth 65": "[" * 65 + "]" * 65,
    "depth 2,000": "[" * 2_000 + "]" * 2_000,
    "depth 200,000": "[" * 200_000 + "]" * 200_000,
    "unclosed depth": "[" * 200_000,
    "half a surrogate pair": r'"\ud800"',
    "NUL": r'"\u0000"',
    "an integer of 4,000 digits": "1" * 4_000,
    "10^400": "1" + "0" * 400,
    "1e999": "1e999",
    "NaN": "NaN",
    "Infinity": "-Infinity",
    "Arabic digits": "١٢",
    "a key twice": '{"a": 1, "a": 2}',
    "200,000 keys": "{" + ",".join(f'"k{i}": 0' for i in range(200_000)) + "}",
    "a truncated object": '{"a": ',
    "a control character": '"\x01"',
    "a single quote": "'a'",
}
BYTES = {
    "latin-1": '{"task": "é"}'.encode("latin-1"),
    "UTF-16": '{"task": "é"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "nothing": b"",
    "blank": b"  \n ",
    "a pickle": b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00.",
    "a zip": b"PK\x03\x04" + bytes(30),
    "a gzip": b"\x1f\x8b\x08\x00" + bytes(20),
    "two documents": b"{} {}",
}
EPISODE = '{"task": "t", "steps": [{"text": "a"}], "meta": %s}'
PLACES = {
    "/api/v1/scores/": f'{{"episodes": [{EPISODE}]}}',
    "/api/v1/combine/": '{"episodes": [{"q": %s}]}',
    "/api/v1/episodes/": EPISODE,
    "/api/v1/reward-specs/lint/": '{"gamma": %s}',
    "/compat/openrlhf/get_reward": '{"query": ["a"], "labels": %s}',
}
EVERYWHERE = pytest.mark.parametrize("path", PLACES)


def send(api: APIClient, path: str, body: bytes, type_: str = "application/json"):  # type: ignore[no-untyped-def]
    return api.generic("POST", path, body, content_type=type_)


def assert_refused(response, *statuses: int) -> None:  # type: ignore[no-untyped-def]
    problem = response.json()
    assert response.status_code in (statuses or (400,)), problem
    assert response.headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == response.status_code
    assert problem["detail"]


@EVERYWHERE
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_value_no_database_could_keep_is_refused(
    api: APIClient, path: str, value: str
) -> None:
    assert_refused(send(api, path, (PLACES[path] % value).encode()))
    assert not Job.objects.exists()


@EVERYWHERE
@pytest.mark.parametrize("body", BYTES.values(), ids=BYTES)
def test_a_body_that_is_no_json_is_refused(
    api: APIClient, path: str, body: bytes
) -> None:
    assert_refused(send(api, path, body))
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ("[]", ""),
        ("null", ""),
        ('{"episodes": {}}', "/episodes"),
        ('{"episodes": [3]}', "/episodes/0"),
        ('{"episodes": [{"task": "t", "steps": []}]}', "/episodes/0/steps"),
        ('{"episodes": [], "spec": 1}', "/spec"),
        ('{"episodes": [], "nothing": 1}', ""),
        (
            '{"episodes": [{"task": "t", "steps": [{"text": "a", "reward": true}]}]}',
            "/episodes/0/steps/0/reward",
        ),
        (
            '{"episodes": [{"task": "t", "steps": [{"text": "a"}], "gamma": "1"}]}',
            "/episodes/0/gamma",
        ),
    ],
)
def test_a_wrong_type_is_refused_with_its_pointer(
    api: APIClient, body: str, pointer: str
) -> None:
    response = send(api, "/api/v1/scores/", body.encode())
    assert_refused(response)
    assert response.json()["pointer"] == pointer


@pytest.mark.parametrize("value", ["true", '"0.5"', "2", "-0.1", "[]", "{}"])
def test_a_signal_is_a_number_in_its_range_or_null(api: APIClient, value: str) -> None:
    body = f'{{"episodes": [{{"q": [1, {value}]}}]}}'.encode()
    response = send(api, "/api/v1/combine/", body)
    assert_refused(response)
    assert response.json()["pointer"] == "/episodes/0/q/1"


def test_a_bad_line_is_named(api: APIClient) -> None:
    lines = b'{"task": "t", "steps": [{"text": "a"}]}\n\n{"task": "t"}\n'
    response = send(api, "/api/v1/scores/?spec=rlhf_t1", lines, "application/x-ndjson")
    _, second = map(json.loads, response.getvalue().splitlines())
    assert (second["problem"]["status"], second["problem"]["line"]) == (400, 3)


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(
    api: APIClient, settings: object
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100  # type: ignore[attr-defined]
    body = b'{"episodes": [' + b" " * 100 + b"]}"
    assert_refused(send(api, "/api/v1/scores/", body), 413)


@pytest.mark.parametrize("type_", ["text/html", "application/xml", "image/png"])
def test_a_media_type_nobody_reads_is_refused(api: APIClient, type_: str) -> None:
    assert_refused(send(api, "/api/v1/scores/", b"{}", type_), 415)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=١",
        "limit=1e2",
        "limit=true",
        "offset=-1",
        "offset=99999999999999999999",
        "limit=1&limit=2",
        "created_by__password__startswith=a",
        "_connector=OR",
        "success=yes",
        "import_job=1",
        "text=",
    ],
)
def test_a_parameter_nobody_declared_or_out_of_range_is_refused(
    api: APIClient, query: str
) -> None:
    assert_refused(api.get(f"/api/v1/episodes/?{query}"))


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/snapshots/99999999999999999999999999/",
        "/api/v1/snapshots/" + "9" * 5_000 + "/",
        "/api/v1/training-runs/-1/",
        "/api/v1/episodes/not-a-uuid/",
        "/api/v1/reward-models/v99999999999999999999/",
        "/api/v1/reward-models/%00/",
        "/api/v1/reward-specs/..%2f..%2fetc/",
        "/api/v1/nothing/",
        "/api/v1/episodes",
        "/compat/nothing",
    ],
)
def test_an_address_that_leads_nowhere_is_a_plain_404(
    api: APIClient, path: str
) -> None:
    assert_refused(api.get(path), 404)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE"])
def test_a_method_nobody_wrote_is_405(api: APIClient, method: str) -> None:
    assert_refused(api.generic(method, "/api/v1/jobs/"), 405)


def test_an_idempotency_key_is_short_and_visible(
    api: APIClient, api_with: Callable[..., APIClient]
) -> None:
    body = {"format": "trl_stepwise"}
    for key in ("k" * 129, "a b", "é"):
        headers = {"Idempotency-Key": key}
        response = api.post("/api/v1/exports/", body, format="json", headers=headers)
        assert_refused(response)
