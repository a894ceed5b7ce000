"""Spans as OpenTelemetry's exporters send them, and the episodes they become."""

import gzip
import json
import shutil
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from rest_framework.test import APIClient

from tests import factories
from webapp.models import Job, Project
from webapp.services import imports, traces

URL = "/v1/traces"
TRACE = "5b8efff798038103d269b633813fc60c"
ROOT, CALL, TOOL, LATER = (f"{n:016x}" for n in (1, 2, 3, 4))
PROTOBUF = "application/x-protobuf"


@pytest.fixture(autouse=True)
def _empty_spool() -> None:
    shutil.rmtree(settings.DATA_DIR / "traces", ignore_errors=True)


def a_span(id: str, at: int, parent: str = "", /, **attributes: str) -> dict[str, Any]:
    values = {name.replace("__", "."): text for name, text in attributes.items()}
    return {
        "traceId": TRACE,
        "spanId": id,
        "parentSpanId": parent,
        "name": values.get("gen_ai.operation.name", ""),
        "startTimeUnixNano": str(at * 10**9),
        "endTimeUnixNano": str((at + 1) * 10**9),
        "attributes": [
            {"key": key, "value": {"stringValue": text}} for key, text in values.items()
        ],
    }


def said(role: str, text: str) -> str:
    part = {"type": "text", "content": text}
    return json.dumps([{"role": role, "parts": [part]}])


def a_call(id: str, at: int, text: str) -> dict[str, Any]:
    return a_span(
        id,
        at,
        ROOT,
        gen_ai__operation__name="chat",
        gen_ai__input__messages=said("user", "Where is my order?"),
        gen_ai__output__messages=said("assistant", text),
    )


AGENT = a_span(ROOT, 1, gen_ai__operation__name="invoke_agent")


def request_of(*spans: dict[str, Any]) -> dict[str, Any]:
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": list(spans)}]}]}


def send(api: APIClient, *spans: dict[str, Any]) -> Any:
    return api.post(URL, request_of(*spans), format="json")


def import_all(after: float = 10) -> list[Job]:
    """Sweep as if `after` seconds had passed, and do the jobs that start."""
    traces.sweep(time.time() + after)
    jobs = list(Job.objects.filter(state="queued"))
    for job in jobs:
        assert job.claim()
        assert job.finish("done", result=imports.run(job))
    return jobs


def test_a_trace_whose_root_has_ended_becomes_an_episode(
    api: APIClient, project: Project
) -> None:
    first = send(api, a_call(CALL, 2, "On its way."))
    second = send(api, AGENT)

    assert (first.status_code, first.json(), second.json()) == (200, {}, {})
    [job] = import_all()
    episode = project.episodes.get()
    assert (episode.external_id, episode.source_format) == (TRACE, "otlp")
    assert episode.task == "Where is my order?"
    assert job.input["filename"] == f"trace {TRACE}"
    assert import_all() == []


def test_a_trace_without_its_root_waits_until_it_is_quiet(
    api: APIClient, project: Project
) -> None:
    send(api, a_call(CALL, 2, "On its way."))

    assert import_all(after=10) == []
    assert len(import_all(after=traces.QUIET + 10)) == 1


def test_spans_that_come_late_make_the_next_version_with_its_labels(
    api: APIClient, project: Project
) -> None:
    send(api, AGENT, a_call(CALL, 2, "On its way."))
    import_all()
    episode = project.episodes.get()
    factories.a_label(episode, project.members.get(), -1, step=0)

    send(api, a_call(LATER, 4, "It has arrived."))
    [job] = import_all()

    job.refresh_from_db()
    assert job.result["carried"] == 1
    assert sorted(project.episodes.values_list("step_count", flat=True)) == [1, 2]


def test_protobuf_gets_protobuf(api: APIClient, project: Project) -> None:
    body = ParseDict(
        _with_bytes(request_of(AGENT, a_call(CALL, 2, "Soon."))),
        ExportTraceServiceRequest(),
    )

    answer = api.generic("POST", URL, body.SerializeToString(), PROTOBUF)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, PROTOBUF)
    assert not ExportTraceServiceResponse.FromString(answer.content).HasField(
        "partial_success"
    )
    import_all()
    assert project.episodes.get().external_id == TRACE


def _with_bytes(request: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(request)
    for id in (TRACE, ROOT, CALL):
        text = text.replace(f'"{id}"', f'"{b64encode(bytes.fromhex(id)).decode()}"')
    return json.loads(text)


def test_a_gzipped_body_is_unpacked(api: APIClient) -> None:
    body = gzip.compress(json.dumps(request_of(AGENT, a_call(CALL, 2, "a"))).encode())

    answer = api.generic(
        "POST", URL, body, "application/json", HTTP_CONTENT_ENCODING="gzip"
    )

    assert answer.status_code == 200
    assert len(import_all()) == 1


def test_spans_without_ids_are_told_and_the_others_taken(api: APIClient) -> None:
    bad = {**AGENT, "traceId": "../../etc"}

    told = send(api, bad, AGENT, a_call(CALL, 2, "a")).json()["partialSuccess"]

    assert told["rejectedSpans"] == "1"
    assert "hexadecimal" in told["errorMessage"]
    assert len(import_all()) == 1


def test_a_trace_that_grows_without_end_is_cut_off(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "MAX_ROW", 2_000)
    for _ in range(3):
        answer = send(api, a_call(CALL, 2, "a" * 500)).json()

    assert "larger than" in answer["partialSuccess"]["errorMessage"]


@pytest.mark.parametrize(
    ("body", "kind", "headers", "status"),
    [
        (b"{", "application/json", {}, 400),
        (b"[]", "application/json", {}, 400),
        (b'{"a": NaN}', "application/json", {}, 400),
        (b"\xff\xff", PROTOBUF, {}, 400),
        (b"plain", "application/json", {"HTTP_CONTENT_ENCODING": "gzip"}, 400),
        (b"{}", "application/json", {"HTTP_CONTENT_ENCODING": "br"}, 415),
        (b"{}", "text/plain", {}, 415),
        (
            gzip.compress(bytes(40 << 20)),
            PROTOBUF,
            {"HTTP_CONTENT_ENCODING": "gzip"},
            413,
        ),
    ],
)
def test_what_is_no_export_request_is_refused(
    api: APIClient, body: bytes, kind: str, headers: dict[str, str], status: int
) -> None:
    answer = api.generic("POST", URL, body, kind, **headers)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_token_needs_the_scope_to_write(
    api_with: Callable[..., APIClient], client: APIClient
) -> None:
    assert send(api_with("read", "score"), AGENT).status_code == 403
    assert client.post(URL).status_code == 401


def test_a_trace_is_forgotten_some_time_after_its_import(
    api: APIClient, project: Project
) -> None:
    send(api, AGENT, a_call(CALL, 2, "a"))
    import_all()
    import_all(after=traces.REMEMBERED + 10)

    assert list(traces._folder(project).glob("*")) == []
