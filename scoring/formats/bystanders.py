"""Files that lie beside trajectories and are none: recognised, so they can be named."""

import re
from collections.abc import Callable, Sequence

from scoring.formats import fields
from scoring.formats.format import Record, keys

BYSTANDERS = (
    (
        keys("name", "memory", "is_success"),
        "Reflexion's result file, outcomes and reflections without the runs",
    ),
    (
        keys("env", "num_examples", "rollouts_per_example"),
        "the metadata of a verifiers run; upload results.jsonl beside it",
    ),
    (
        keys("env_id", "num_examples", "rollouts_per_example"),
        "the metadata of a verifiers run; upload results.jsonl beside it",
    ),
    (
        keys("display", "pastedContents"),
        "Claude Code's history of prompts; the sessions are in its projects folder",
    ),
    (
        keys("req", "resp"),
        "MetaGPT's pool of experiences; the run is in storage/team/team.json",
    ),
    (
        keys("test_run", "logs"),
        "a statistic over AutoGPT runs",
    ),
    (
        keys("session_id", "text", "ts"),
        "Codex's history of prompts; the rollouts are in its sessions folder",
    ),
    (
        keys("trial_name", "task_name", "agent_info"),
        "Harbor's result of a trial; the run is in agent/trajectory.json",
    ),
    (
        keys("agent_timeout_multiplier", "verifier"),
        "Harbor's configuration of a trial; the run is in agent/trajectory.json",
    ),
    (
        keys("n_total_trials", "stats"),
        "Harbor's summary of a job; the runs are in agent/trajectory.json",
    ),
    (
        keys("info", "tasks", "timestamp"),
        "tau2's run settings; the simulations are in another file",
    ),
    (
        keys("ticks", "termination_reason"),
        "a tau2 voice simulation, made of audio ticks instead of messages",
    ),
    (
        keys("agent_action_type", "question", "true_answer"),
        "a smolagents benchmark's answers without the steps that led to them",
    ),
    (
        keys("agent.agent_name", "env.benchmark"),
        "AgentLab's table of results; the runs are in its experiments' folders",
    ),
    (
        keys("n_steps", "cum_reward", "err_msg"),
        "AgentLab's summary of an experiment; export the steps, which are pickles",
    ),
    (
        keys("n_resolved", "n_unresolved", "results"),
        "Terminal-Bench's summary of a run; upload the logs of the agent itself",
    ),
    (
        keys("trial_name", "task_id", "is_resolved"),
        "Terminal-Bench's result of a trial; upload the logs of the agent itself",
    ),
    (
        keys("run_id", "dataset_path", "agent_name"),
        "Terminal-Bench's settings of a run; upload the logs of the agent itself",
    ),
    (
        keys("observation_space", "action_space", "env_spec"),
        "Minari's metadata; upload main_data.hdf5 beside it",
    ),
    (
        keys("diagnostics", "records"),
        "a normaliser's records; upload the session that they were made from",
    ),
    (
        keys("provider", "component_type", "config"),
        "AutoGen's configuration of a team or an agent; upload what the team said",
    ),
    (
        keys("instance_id", "model_patch"),
        "SWE-agent's predictions file; upload the .traj files",
    ),
    (
        keys("agentType", "spawnDepth"),
        "what Claude Code notes of a sub-agent; upload its session's folder as a zip",
    ),
    (
        keys("conversation_id", "selected_repository"),
        "OpenHands' notes on a conversation; upload its folder as a zip",
    ),
    (
        keys("execution_status", "persistence_dir"),
        "the state of an OpenHands run; upload its folder as a zip",
    ),
    (
        keys("chat_format_version", "current_model_id"),
        "Grok's summary of a session; upload chat_history.jsonl beside it",
    ),
    (
        keys("agents", "workDir", "lastPrompt"),
        "Kimi's state of a session; upload the agents' wire.jsonl",
    ),
    (
        keys("projectID", "directory", "time"),
        "OpenCode's notes on a session; upload its storage folder as a zip",
    ),
    (
        keys("sessionID", "role", "time"),
        "one message of an OpenCode session; upload its storage folder as a zip",
    ),
    (
        keys("messageID", "type", "id"),
        "one part of an OpenCode message; upload its storage folder as a zip",
    ),
    (
        keys("id", "type", "text", "time"),
        "one part of an OpenCode message; upload its storage folder as a zip",
    ),
    (
        keys("description", "events", "expected"),
        "a test case of a viewer of Inspect's events; upload the log itself",
    ),
    (
        keys("Original Requirements", "Product Goals"),
        "a product document MetaGPT wrote; the run is in storage/team/team.json",
    ),
    (
        keys("codes_filenames", "design_filename"),
        "a code summary MetaGPT wrote; the run is in storage/team/team.json",
    ),
    (
        keys("summary", "stdout", "stderr"),
        "a test report MetaGPT wrote; the run is in storage/team/team.json",
    ),
)
# known by a reader, too, but a sample of single answers is no run
LOOK_ALIKES = (
    (
        keys("role", "content", "challenge", "timestamp"),
        "a sample of single AutoGPT answers; upload the logs they were taken from",
    ),
)
_PLACE = re.compile(r"\(-?[\d.]+, -?[\d.]+, -?[\d.]+\)")
# what only the values tell
_SHAPES: tuple[tuple[Callable[[Record], bool], str], ...] = (
    (
        lambda row: "success" in fields.record(_first(row).get("input")),
        "Langfuse's normalised messages of single observations; "
        "upload the trace itself",
    ),
    (
        lambda row: {"tool", "summary"} <= fields.record(row.get("results")).keys(),
        "a report of test results (CTRF); the run is in agent/trajectory.json",
    ),
    (
        lambda row: _is_prompts(_first(_first(row))),
        "prompts of AutoGPT's benchmark; upload the responses beside them",
    ),
    (
        lambda row: {"code", "description"} <= _first(row).keys(),
        "Voyager's library of skills; upload the whole checkpoint as a zip",
    ),
    (
        lambda row: bool(_PLACE.fullmatch(next(iter(row), ""))),
        "Voyager's memory of chests; upload the whole checkpoint as a zip",
    ),
    (
        lambda row: bool(row) and all(name.endswith("?") for name in row),
        "Voyager's questions and answers; upload the whole checkpoint as a zip",
    ),
    (
        lambda row: row.keys() == {"metrics"},
        "a table of metrics",
    ),
)
_TEXTS = (
    (
        re.compile(r"\s*-?\d+(?:\.\d+)?\s*"),
        "a single number, such as a verifier's reward",
    ),
    (
        re.compile(r"\s*(?:async )?function \w+\(bot.*", re.DOTALL),
        "a skill of Voyager's library; upload the whole checkpoint as a zip",
    ),
    (
        re.compile(r"\[(?:'[^\n]*'|\"[^\n]*\"), 'Enter'\]\n.*", re.DOTALL),
        "keystrokes of Terminal-Bench's harness; upload the trial's folder as a zip",
    ),
)


def bystander(records: Sequence[Record]) -> str | None:
    """What the file is, if it is one of these."""
    for names, what in (*LOOK_ALIKES, *BYSTANDERS):
        if any(names <= record.keys() for record in records):
            return what
    return next((w for fits, w in _SHAPES if any(map(fits, records))), None)


def look_alike(records: Sequence[Record]) -> bool:
    """Whether a reader must not take the file, though it knows its records."""
    return any(names <= r.keys() for names, _ in LOOK_ALIKES for r in records)


def bystander_text(text: str) -> str | None:
    """What a text is, if it is one of these."""
    return next((what for pattern, what in _TEXTS if pattern.fullmatch(text)), None)


def _first(row: Record) -> Record:
    return fields.record(next(iter(row.values()), None))


def _is_prompts(run: Record) -> bool:
    return "1" in run and all(isinstance(said, str) for said in run.values())
