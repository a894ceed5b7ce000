"""Every real trace comes in, or is refused with a reason that helps."""

from pathlib import Path

import pytest

from tests.scoring.formats.sample_files import names_in, outcome_of_reading

OTEL, INFERENCE = "otel_genai", "openinference"
SMITH, FUSE = "langsmith", "langfuse"
SDK = "sdk_fixture_langsmith_"
# folder/file: (format, episodes, steps, errors)
READ = {
    f"{OTEL}/otel_genai_client_span_tool_calls.json": ("otel_attributes", 1, 2, 0),
    f"{OTEL}/otel_genai_deprecated_client_span_tool_calls.json": (
        "otel_attributes",
        1,
        2,
        0,
    ),
    f"{OTEL}/otel_genai_tool_execution_span.json": ("otel_attributes", 1, 1, 0),
    f"{OTEL}/otel_genai_pydantic_ai_v2.otlp.jsonl": ("otlp", 1, 3, 0),
    f"{OTEL}/otel_genai_pydantic_ai_v5.otlp.jsonl": ("otlp", 1, 3, 0),
    f"{OTEL}/vercel_ai_sdk_v6_ai-generateObject-doGenerate.json": (
        "otel_spans",
        1,
        1,
        0,
    ),
    # two of its traces only embed
    f"{OTEL}/vercel_ai_sdk_v6_all-spans.json": ("otel_spans", 8, 10, 2),
    # the specification's example, a trace of a web server
    f"{OTEL}/otlp_json_spec_example_trace.json": ("otlp", 0, 0, 1),
    f"{INFERENCE}/openinference_client_span_tool_calls.json": (
        "otel_attributes",
        1,
        2,
        0,
    ),
    f"{INFERENCE}/openinference_smolagents.otlp.jsonl": ("otlp", 5, 11, 0),
    f"{INFERENCE}/phoenix_rest_v1_spans.json": ("phoenix", 7, 14, 0),
    f"{INFERENCE}/phoenix_rest_v1_spans_otlpv1.json": ("phoenix", 7, 14, 0),
    f"{INFERENCE}/phoenix_spans_dataframe.jsonl": ("otel_spans", 7, 14, 0),
    f"{INFERENCE}/phoenix_spans_dataframe.csv": ("phoenix_table", 7, 14, 0),
    f"{SMITH}/langsmith_run_collector_tree.json": ("langsmith", 1, 2, 0),
    f"{SMITH}/langsmith_run_trees.json": ("langsmith", 2, 3, 0),
    f"{SMITH}/langsmith_runs_flat.jsonl": ("langsmith", 2, 3, 0),
    f"{SMITH}/run_ops_real.first60.jsonl": ("langsmith", 1, 4, 0),
    f"{SMITH}/{SDK}js_wrap_openai_stream.json": ("langsmith", 1, 1, 0),
    f"{SMITH}/{SDK}js_wrap_openai_stream_no usage.json": ("langsmith", 1, 1, 0),
    f"{SMITH}/{SDK}py_wrap_openai_reasoning.json": ("langsmith", 1, 1, 0),
    f"{FUSE}/agno-2025-06-11.trace.json": ("langfuse", 1, 2, 0),
    f"{FUSE}/autogen-2025-06-06.trace.json": ("langfuse", 1, 1, 0),
    f"{FUSE}/crewai-2025-07-11.trace.json": ("langfuse", 1, 1, 0),
    f"{FUSE}/langgraph-js-2025-10-30.trace.json": ("langfuse", 1, 2, 0),
    f"{FUSE}/llamaindex-2025-06-05.trace.json": ("langfuse", 1, 1, 0),
    f"{FUSE}/microsoft-agent-2025-12-17.trace.json": ("langfuse", 1, 2, 0),
    f"{FUSE}/openai-agents-2025-09-30.trace.json": ("langfuse", 1, 2, 0),
    f"{FUSE}/pydantic-ai-2025-06-06.trace.json": ("langfuse", 1, 1, 0),
    f"{FUSE}/pydantic-ai-tools-2025-12-04.trace.json": ("langfuse", 1, 4, 0),
    f"{FUSE}/pydantic-ai-with-gemini-2025-12-24.trace.json": ("langfuse", 1, 1, 0),
    f"{FUSE}/vercel-aisdk-2025-11-17.trace.json": ("langfuse", 1, 1, 0),
    f"{FUSE}/vertex-ai-2025-08-01.trace.json": ("langfuse", 1, 1, 0),
}
REFUSED = {
    f"{FUSE}/autogen-2025-06-06.chatml.json": "normalised messages",
    f"{FUSE}/crewai-2025-07-11.chatml.json": "normalised messages",
    f"{FUSE}/openai-agents-2025-09-30.chatml.json": "normalised messages",
    f"{FUSE}/pydantic-ai-2025-06-06.chatml.json": "normalised messages",
}


@pytest.mark.parametrize("name", READ)
def test_a_real_trace_comes_in(samples: Path, name: str):
    assert outcome_of_reading(samples / name) == READ[name]


@pytest.mark.parametrize("name", REFUSED)
def test_a_real_file_without_a_run_is_named(samples: Path, name: str):
    assert REFUSED[name] in outcome_of_reading(samples / name)[0]


@pytest.mark.parametrize("folder", [OTEL, INFERENCE, SMITH, FUSE])
def test_no_file_of_a_folder_is_forgotten(samples: Path, folder: str):
    assert names_in(samples, folder) == {
        name for name in (*READ, *REFUSED) if name.startswith(f"{folder}/")
    }
