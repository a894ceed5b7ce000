"""Every trajectory comes in: find out what a file is and read its episodes.

    with open(path, "rb") as stream:
        for result in read(stream):
            ...  # an Episode, or a RowError for one that could not be read

A format is one module: docs/formats.md tells what is read from where, and how to add
one.
"""

from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from itertools import chain
from typing import BinaryIO

from scoring.errors import UnknownFormat
from scoring.formats.adp import ADP
from scoring.formats.agent_bench import AGENT_BENCH
from scoring.formats.anthropic import ANTHROPIC, ANTHROPIC_MESSAGES
from scoring.formats.anthropic_sessions import ANTHROPIC_SESSIONS
from scoring.formats.anthropic_stream import ANTHROPIC_STREAM
from scoring.formats.archives import (
    ARCHIVE,
    Readings,
    flat,
    nothing_inside,
    open_archive,
)
from scoring.formats.atif import ATIF
from scoring.formats.atof import ATOF
from scoring.formats.autogen import AUTOGEN, AUTOGEN_RECORDING, AUTOGEN_STATE
from scoring.formats.autogpt import (
    AUTOGPT_BENCHMARK,
    AUTOGPT_MESSAGES,
    AUTOGPT_STATE,
)
from scoring.formats.autogpt_log import AUTOGPT_LOG
from scoring.formats.browsing import AGENT_REWARD_BENCH, WEBARENA
from scoring.formats.claude_code import CLAUDE_CODE, CLAUDE_EXPORT
from scoring.formats.codex import CODEX, CODEX_EXEC
from scoring.formats.coding_agents import CODING_AGENTS, GROK, OPENCODE
from scoring.formats.copilot import COPILOT
from scoring.formats.crewai import CREWAI, CREWAI_CALLBACK, CREWAI_LOG
from scoring.formats.droid import DROID
from scoring.formats.fireact import FIREACT
from scoring.formats.format import Format, RowError
from scoring.formats.gemini_cli import GEMINI_CLI
from scoring.formats.google_adk import ADK, ADK_CASES
from scoring.formats.inspect import INSPECT
from scoring.formats.kimi import KIMI
from scoring.formats.kinds import Kinds
from scoring.formats.langchain import LANGCHAIN, LANGGRAPH
from scoring.formats.langfuse import LANGFUSE, LANGFUSE_ROWS
from scoring.formats.langsmith import LANGSMITH
from scoring.formats.letta import LETTA, LETTA_AGENTS
from scoring.formats.letta_code import LETTA_CODE
from scoring.formats.magentic_one import WHO_AND_WHEN
from scoring.formats.metagpt import METAGPT
from scoring.formats.minari import MINARI, is_hdf5, open_hdf5
from scoring.formats.mini_swe_agent import MINI_SWE_AGENT
from scoring.formats.native import NATIVE
from scoring.formats.notebook import NOTEBOOK
from scoring.formats.openai_chat import CHAT, MESSAGES
from scoring.formats.openai_responses import (
    RESPONSES,
    RESPONSES_ITEMS,
    RESPONSES_STREAM,
    RUN_STATE,
)
from scoring.formats.openai_stream import OPENAI_STREAM
from scoring.formats.openclaw_telemetry import OPENCLAW_TELEMETRY
from scoring.formats.openhands_v0 import OPENHANDS_OUTPUT, OPENHANDS_V0
from scoring.formats.openhands_v1 import OPENHANDS_PAGE, OPENHANDS_V1
from scoring.formats.otlp import OTEL_ATTRIBUTES, OTEL_SPANS, OTLP, PHOENIX
from scoring.formats.phoenix_table import PHOENIX_TABLE
from scoring.formats.process_labels import (
    MATH_SHEPHERD,
    PRM800K,
    PROCESSBENCH,
    STEPWISE,
)
from scoring.formats.process_values import PRM_BENCH, VALUE_TREE
from scoring.formats.pydantic_ai import PYDANTIC_AI
from scoring.formats.react import REACT
from scoring.formats.reading import Reading, Results, open_stream
from scoring.formats.sharegpt import AGENT_INSTRUCT, SHAREGPT
from scoring.formats.smolagents import SMOLAGENTS, SMOLAGENTS_ANSWERS, SMOLAGENTS_RESULT
from scoring.formats.swe_agent import SWE_AGENT, SWE_AGENT_DEMO, SWE_AGENT_ROWS
from scoring.formats.tau_bench import TAU2, TAU2_SIMULATION, TAU_BENCH
from scoring.formats.terminal_bench import TERMINAL_BENCH
from scoring.formats.terminal_pane import TERMINAL_PANE
from scoring.formats.toolbench import TOOLBENCH
from scoring.formats.transcript import TAU_DISPLAY, TRANSCRIPT
from scoring.formats.verifiers import VERIFIERS
from scoring.formats.voyager import VOYAGER
from scoring.schema import Episode

__all__ = [
    "ARCHIVE",
    "FORMATS",
    "Format",
    "Reading",
    "Results",
    "RowError",
    "detect",
    "flat",
    "open_file",
    "open_files",
    "read",
]

# how many members an archive may begin with that are no trajectories
LOOK_INSIDE = 200

# In the order of detection: the first that knows a record of the file reads it.
FORMATS: tuple[Format, ...] = (
    NATIVE,
    ATIF,
    CODEX,
    CODEX_EXEC,
    CLAUDE_CODE,
    CLAUDE_EXPORT,
    ANTHROPIC_SESSIONS,
    ANTHROPIC_STREAM,
    OPENAI_STREAM,
    RESPONSES_STREAM,
    COPILOT,
    KIMI,
    DROID,
    LETTA_CODE,
    OPENCLAW_TELEMETRY,
    ATOF,
    OTLP,
    OTEL_SPANS,
    PHOENIX,
    OTEL_ATTRIBUTES,
    LANGSMITH,
    LANGFUSE,
    LANGFUSE_ROWS,
    AUTOGEN_RECORDING,
    AUTOGEN,
    AUTOGEN_STATE,
    WHO_AND_WHEN,
    SMOLAGENTS,
    SMOLAGENTS_RESULT,
    SMOLAGENTS_ANSWERS,
    CREWAI,
    CREWAI_LOG,
    CREWAI_CALLBACK,
    ADK,
    ADK_CASES,
    TOOLBENCH,
    TERMINAL_BENCH,
    ADP,
    WEBARENA,
    AGENT_REWARD_BENCH,
    AGENT_BENCH,
    PYDANTIC_AI,
    GEMINI_CLI,
    CODING_AGENTS,
    GROK,
    OPENCODE,
    MINI_SWE_AGENT,
    OPENHANDS_OUTPUT,
    OPENHANDS_PAGE,
    SWE_AGENT_ROWS,
    SWE_AGENT,
    RESPONSES,
    RUN_STATE,
    INSPECT,
    METAGPT,
    LETTA,
    LETTA_AGENTS,
    AUTOGPT_STATE,
    PRM800K,
    MATH_SHEPHERD,
    STEPWISE,
    PROCESSBENCH,
    PRM_BENCH,
    VALUE_TREE,
    TAU_BENCH,
    TAU2,
    TAU2_SIMULATION,
    TAU_DISPLAY,
    VERIFIERS,
    VOYAGER,
    LANGGRAPH,
    LANGCHAIN,
    OPENHANDS_V0,
    OPENHANDS_V1,
    AGENT_INSTRUCT,
    SHAREGPT,
    ANTHROPIC,
    CHAT,
    RESPONSES_ITEMS,
    AUTOGPT_MESSAGES,
    ANTHROPIC_MESSAGES,
    MESSAGES,
    NOTEBOOK,
    FIREACT,
    AUTOGPT_BENCHMARK,
    AUTOGPT_LOG,
    TERMINAL_PANE,
    TRANSCRIPT,
    SWE_AGENT_DEMO,
    PHOENIX_TABLE,
    REACT,
)


def open_file(
    stream: BinaryIO,
    *,
    format: str | None = None,
    kinds: Mapping[str, str] | None = None,
) -> Reading:
    """Recognise a file (or take it for `format`) and begin to read it. An archive is a
    reading too, of all that its members hold. `kinds` maps names of tools to kinds of
    steps, and knows better than any file (`kinds.Kinds`).

    Raises:
        UnreadableFile: the file as a whole can't be read: empty, binary, no JSON.
        UnknownFormat: no reader knows it; the sentence names the nearest ones.
        NoTrajectory: it is known to be something else.
        InvalidInput: `kinds` has rules that are none.
    """
    readings = open_files(stream, format=format, kinds=kinds)
    refused: list[RowError] = []
    for reading in readings:
        if isinstance(reading, RowError) and len(refused) < LOOK_INSIDE:
            refused.append(reading)
        elif isinstance(reading, RowError) or reading.member is not None:
            return Reading(ARCHIVE, flat(chain(refused, [reading], readings)))
        else:
            return reading
    raise nothing_inside(refused)


def open_files(
    stream: BinaryIO,
    *,
    format: str | None = None,
    kinds: Mapping[str, str] | None = None,
) -> Readings:
    """The readings of a file, each to be used up before the next one: its own, or one
    for each member of an archive, where a RowError stands for a member that is none.

    Raises: as `open_file`.
    """
    found = (None, ARCHIVE.name, MINARI.name)
    chosen = None if format in found else _named(str(format))
    readings = open_archive(stream, lambda one: _open_one(one, chosen))
    return _with_kinds(readings, Kinds.of(kinds)) if kinds else readings


def _with_kinds(readings: Readings, kinds: Kinds) -> Readings:
    for one in readings:
        if isinstance(one, RowError):
            yield one
        else:
            yield replace(one, episodes=_relabelled(one.episodes, kinds))


def _relabelled(results: Results, kinds: Kinds) -> Results:
    for result in results:
        yield kinds.applied(result) if isinstance(result, Episode) else result


def read(
    stream: BinaryIO,
    *,
    format: str | None = None,
    kinds: Mapping[str, str] | None = None,
) -> Results:
    """The episodes of a file, streamed: memory is flat in the file's size.

    Raises: as `open_file`.
    """
    return open_file(stream, format=format, kinds=kinds).episodes


def detect(head: bytes) -> Format:
    """The format of a file that begins with these bytes, the first record among them.

    Raises: as `open_file`.
    """
    return open_file(BytesIO(head)).format


def _open_one(stream: BinaryIO, chosen: Format | None) -> Reading:
    return (
        open_hdf5(stream) if is_hdf5(stream) else open_stream(stream, FORMATS, chosen)
    )


def _named(name: str) -> Format:
    found = next((format for format in FORMATS if format.name == name), None)
    if found is None:
        known = ", ".join(format.name for format in FORMATS)
        raise UnknownFormat(f"there is no format {name[:80]!r}; known are {known}")
    return found
