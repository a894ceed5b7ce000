"""An instrumented agent, by OpenTelemetry's own SDK, streams its run in as it goes."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import Status, StatusCode, Tracer
from pytest_django.live_server_helper import LiveServer

from tests import factories
from webapp.models import Job, Project
from webapp.services import imports, traces

Agents = Callable[..., Tracer]


@pytest.fixture(autouse=True)
def _empty_spool() -> None:
    shutil.rmtree(settings.DATA_DIR / "traces", ignore_errors=True)


@pytest.fixture
def secret(transactional_db: None) -> str:
    owner: User = factories.a_user("alice")
    return factories.a_token(owner, factories.a_project("Help desk", owner=owner))[1]


@pytest.fixture
def agents(live_server: LiveServer, secret: str) -> Iterator[Agents]:
    """Tracers of agents whose exporter is set up as our documentation says."""
    providers: list[TracerProvider] = []

    def tracer(compression: Compression = Compression.NoCompression) -> Tracer:
        exporter = OTLPSpanExporter(
            endpoint=f"{live_server.url}/v1/traces",
            headers={"Authorization": f"Bearer {secret}"},
            compression=compression,
            timeout=10,
        )
        provider = TracerProvider(resource=Resource({"service.name": "desk"}))
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        providers.append(provider)
        return provider.get_tracer("agent")

    yield tracer
    for provider in providers:
        provider.shutdown()


def said(role: str, *parts: dict[str, Any]) -> str:
    return json.dumps([{"role": role, "parts": list(parts)}])


def answers(tracer: Tracer, text: str) -> None:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "desk-7b",
        "gen_ai.input.messages": said(
            "user", {"type": "text", "content": "Where is my order?"}
        ),
        "gen_ai.output.messages": said("assistant", {"type": "text", "content": text}),
        "gen_ai.usage.input_tokens": 21,
    }
    with tracer.start_as_current_span("chat desk-7b", attributes=attributes):
        pass


def looks_up(tracer: Tracer) -> None:
    call = {"type": "tool_call", "id": "c1", "name": "look_up", "arguments": {"n": 7}}
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.input.messages": said(
            "user", {"type": "text", "content": "Where is my order?"}
        ),
        "gen_ai.output.messages": said("assistant", call),
    }
    with tracer.start_as_current_span("chat desk-7b", attributes=attributes):
        pass
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "look_up",
        "gen_ai.tool.call.id": "c1",
        "gen_ai.tool.call.result": "no such order",
    }
    with tracer.start_as_current_span("execute_tool", attributes=attributes) as span:
        span.set_status(Status(StatusCode.ERROR))


def import_all(after: float) -> None:
    """Sweep as if `after` seconds had passed, and do the jobs that start."""
    traces.sweep(time.time() + after)
    for job in Job.objects.filter(state="queued"):
        assert job.claim()
        assert job.finish("done", result=imports.run(job))


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_a_run_that_is_streamed_in_is_an_episode(
    agents: Agents, compression: Compression
) -> None:
    tracer = agents(compression)
    with tracer.start_as_current_span(
        "agent", attributes={"gen_ai.agent.name": "desk"}
    ):
        looks_up(tracer)
        answers(tracer, "It is lost.")

    import_all(after=traces.GRACE + 1)

    episode = Project.objects.get().episodes.get()
    first, last = episode.steps.all()
    assert (episode.task, episode.source_format) == ("Where is my order?", "otlp")
    assert [call["result"] for call in first.calls] == ["no such order"]
    assert first.calls[0]["is_error"]
    assert (last.text, last.tokens["in"]) == ("It is lost.", 21)


def test_a_run_grows_while_its_agent_still_works(agents: Agents) -> None:
    tracer = agents()
    project = Project.objects.get()
    with tracer.start_as_current_span("agent"):
        for text in ("One moment.", "Still looking.", "It is lost."):
            answers(tracer, text)
            import_all(after=traces.QUIET + 1)
    import_all(after=traces.GRACE + 1)

    assert project.episodes.get().step_count == 3
    assert project.jobs.first().result["replaced"] == 1


def test_what_somebody_judged_meanwhile_stays_and_goes_along(agents: Agents) -> None:
    tracer = agents()
    project = Project.objects.get()
    with tracer.start_as_current_span("agent"):
        answers(tracer, "One moment.")
        import_all(after=traces.QUIET + 1)
        early = project.episodes.get()
        factories.a_label(early, project.members.get(), 1, step=0)
        answers(tracer, "It is lost.")
    import_all(after=traces.GRACE + 1)

    grown = project.episodes.exclude(pk=early.pk).get()
    assert (early.label_events.count(), grown.step_count) == (1, 2)
    assert grown.label_events.get().provenance == "imported"


def test_a_wrong_token_is_told_to_the_agent_and_stores_nothing(
    live_server: LiveServer, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    exporter = OTLPSpanExporter(
        endpoint=f"{live_server.url}/v1/traces",
        headers={"Authorization": f"Bearer {secret}x"},
    )
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    answers(provider.get_tracer("agent"), "Hello.")
    provider.shutdown()

    assert "401" in caplog.text
    assert not (settings.DATA_DIR / "traces").exists()
