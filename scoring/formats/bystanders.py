"""Files that lie beside trajectories and are none: recognised, so they can be named."""

from collections.abc import Sequence

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
)


_LANGFUSE_MESSAGES = (
    "Langfuse's normalised messages of single observations; upload the trace itself"
)


def bystander(records: Sequence[Record]) -> str | None:
    """What the file is, if it is one of these."""
    if any(_is_by_observation(record) for record in records):
        return _LANGFUSE_MESSAGES
    return next(
        (what for names, what in BYSTANDERS if any(names <= r.keys() for r in records)),
        None,
    )


def _is_by_observation(record: Record) -> bool:
    """Keyed by ids: only the values tell what it is."""
    first = next(iter(record.values()), None)
    messages = first.get("input") if isinstance(first, dict) else None
    return isinstance(messages, dict) and "success" in messages
