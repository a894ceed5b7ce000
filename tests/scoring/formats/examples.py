"""One small made-up file of every format, as text."""

import json

from tests.scoring.formats import test_agent_data as data
from tests.scoring.formats import test_agent_systems as systems
from tests.scoring.formats import test_anthropic as anthropic
from tests.scoring.formats import test_autogen as autogen
from tests.scoring.formats import test_cli_logs as cli_logs
from tests.scoring.formats import test_coding_agents as coding_agents
from tests.scoring.formats import test_crewai as crewai
from tests.scoring.formats import test_gemini_cli as gemini_cli
from tests.scoring.formats import test_google_adk as adk
from tests.scoring.formats import test_inspect as inspect
from tests.scoring.formats import test_langchain as langchain
from tests.scoring.formats import test_langfuse as langfuse
from tests.scoring.formats import test_langsmith as langsmith
from tests.scoring.formats import test_openai_responses as responses
from tests.scoring.formats import test_otlp as otlp
from tests.scoring.formats import test_process_labels as labels
from tests.scoring.formats import test_process_values as process_values
from tests.scoring.formats import test_pydantic_ai as pydantic_ai
from tests.scoring.formats import test_smolagents as smolagents
from tests.scoring.formats import test_streams as streams
from tests.scoring.formats import test_swe_agents as swe_agents
from tests.scoring.formats import test_tau_bench as tau_bench
from tests.scoring.formats import test_terminal_bench as terminal_bench
from tests.scoring.formats import test_transcript as transcript
from tests.scoring.formats.test_atif import RUN as ATIF
from tests.scoring.formats.test_openai_chat import MESSAGES
from tests.scoring.formats.test_react import LOG
from tests.scoring.formats.test_sharegpt import GAME
from tests.scoring.formats.test_verifiers import ROW as ROLLOUT

_RUN = {
    "traj": [
        {"role": "user", "content": "Which river?"},
        {"role": "assistant", "content": "Thought: The Douro.\nAction: finish[Douro]"},
        {"role": "user", "content": "Observation: Episode finished, reward = True"},
    ],
    "reward": True,
}
_CELL = {"outputs": [{"output_type": "stream", "text": LOG}]}
_MENDED = {"input": "2+2? Step 1: 4 ки", "label": "2+2? Step 1: 4 +", "task": "GSM8K"}
_CYCLE = {
    "action": {"thoughts": {"text": "Look."}, "use_tool": {"name": "ls"}},
    "result": {"status": "success", "outputs": "one.txt"},
}

VALUES = {
    "pacenote": {"task": "t", "steps": [{"text": "a", "calls": [{"name": "f"}]}]},
    "atif": ATIF,
    "codex": [
        {"type": "session_meta", "payload": {"id": "s"}},
        *({"type": "response_item", "payload": item} for item in responses.ITEMS),
    ],
    "codex_exec": [
        {"type": "thread.started", "thread_id": "t"},
        {"type": "item.completed", "item": {"type": "agent_message", "text": "Done"}},
    ],
    "claude_code": anthropic.session(),
    "claude_export": {"loglines": anthropic.session()},
    "mini_swe_agent": swe_agents.MINI_2,
    "openhands_output": swe_agents.OLD_HANDS,
    "openhands_page": {"items": swe_agents.HANDS_1},
    "swe_agent_rows": {
        "instance_id": "i",
        "exit_status": "submitted",
        "trajectory": [{"role": r, "text": "Fix."} for r in ("user", "ai")],
    },
    "swe_agent": swe_agents.SWE_AGENT,
    "openai_responses": {
        "responses_create_params": {"input": responses.ITEMS[:1]},
        "response": {"output": responses.ITEMS[1:]},
    },
    "openai_run_state": {
        "$schemaVersion": "1.9",
        "original_input": "Hi?",
        "generated_items": [{"agent": {"name": "desk"}, "raw_item": responses.SAY}],
    },
    "inspect": {
        "version": 2,
        "status": "success",
        "eval": {},
        "samples": [inspect.SAMPLE],
    },
    "metagpt": systems.TEAM,
    "letta": systems.LETTA,
    "letta_agents": {"agents": [systems.LETTA], "blocks": []},
    "autogpt_state": {
        "agent_id": "a",
        "task": "List.",
        "history": {"episodes": [_CYCLE]},
    },
    "prm800k": labels.PRM800K,
    "processbench": labels.PROCESSBENCH,
    "math_shepherd": _MENDED,
    "trl_stepwise": {"prompt": "q", "completions": ["a"], "labels": [True]},
    "tau_bench": tau_bench.RUN,
    "tau2": {"info": {}, "tasks": [], "simulations": [tau_bench.SIMULATION]},
    "tau2_simulation": tau_bench.SIMULATION,
    "verifiers": ROLLOUT,
    "voyager": [
        ["onChat", {"onChat": "Hi", "status": {}, "inventory": {}, "voxels": []}]
    ],
    "langgraph": [
        {"values": {"messages": langchain.DUMPS}, "config": {}, "metadata": {}}
    ],
    "langchain": langchain.DUMPS,
    "openhands_v0": swe_agents.HANDS_0,
    "openhands_v1": swe_agents.HANDS_1,
    "agent_instruct": {"id": "alfworld_12", "conversations": GAME},
    "sharegpt": {"conversations": GAME},
    "anthropic": {"messages": anthropic.MESSAGES},
    "openai_chat": {"messages": MESSAGES, "reward": 1.0, "id": 3},
    "openai_items": responses.ITEMS,
    "autogpt_messages": [{"role": "assistant", "content": systems.ANSWER}],
    "anthropic_messages": anthropic.MESSAGES,
    "openai_messages": MESSAGES,
    "notebook": {"cells": [_CELL], "nbformat": 4},
    "fireact": {"7": _RUN, "8": _RUN},
    "autogpt_benchmark": {
        "TestFiles": {"2023-08-04 08:14:00+00:00": {"1": {"content": systems.ANSWER}}}
    },
    "otlp": otlp.exported(*otlp.SPANS),
    "otel_spans": otlp.ROW,
    "phoenix": otlp.PAGE,
    "otel_attributes": otlp.OPENINFERENCE,
    "langsmith": langsmith.ROWS,
    "langfuse": langfuse.TRACE,
    "langfuse_observations": langfuse.OBSERVATIONS,
    "autogen_recording": autogen.RECORDING,
    "autogen": autogen.TASK_RESULT,
    "autogen_state": autogen.STATE,
    "who_and_when": autogen.FAILURE,
    "smolagents": smolagents.STEPS,
    "smolagents_result": smolagents.RESULT,
    "smolagents_answers": smolagents.ANSWER,
    "crewai": crewai.OUTPUT,
    "crewai_log": crewai.LOG,
    "crewai_callback": crewai.CALLBACK,
    "google_adk": adk.SESSION,
    "google_adk_cases": adk.CASES,
    "toolbench": data.TOOLBENCH,
    "adp": data.ADP,
    "webarena": data.WEBARENA,
    "agent_reward_bench": data.RATED,
    "agent_bench": data.AGENT_BENCH,
    "pydantic_ai": pydantic_ai.HISTORY,
    "gemini_cli": gemini_cli.SESSION,
    "coding_agents": coding_agents.PI,
    "grok": coding_agents.GROK,
    "opencode": coding_agents.OPENCODE,
    "anthropic_sessions": cli_logs.MANAGED,
    "anthropic_stream": streams.EVENTS,
    "openai_stream": streams.CHUNKS,
    "responses_stream": streams.RESPONSE_EVENTS,
    "copilot": cli_logs.COPILOT,
    "kimi": cli_logs.KIMI,
    "droid": cli_logs.DROID,
    "letta_code": cli_logs.LETTA_CODE,
    "openclaw_telemetry": cli_logs.TELEMETRY,
    "atof": cli_logs.ATOF,
    "terminal_bench": [terminal_bench.FIRST, terminal_bench.LAST],
    "prm_bench": process_values.BENCH,
    "value_tree": process_values.TREE,
    "tau_display": transcript.DISPLAY,
}
TEXTS = {
    **{name: json.dumps(value) for name, value in VALUES.items()},
    "autogpt_log": systems.LOG,
    "phoenix_table": otlp.TABLE,
    "react": LOG,
    "transcript": transcript.LOG,
    "terminal_pane": terminal_bench.PANE,
    "swe_agent_demo": transcript.DEMO,
}
