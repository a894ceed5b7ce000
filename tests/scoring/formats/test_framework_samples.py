"""Every real file of these frameworks comes in, or is refused with a reason."""

from pathlib import Path

import pytest

from tests.scoring.formats.sample_files import names_in, outcome_of_reading

CODING = "other_coding_agents"
# folder/file: (format, episodes, steps, errors)
PANE = "1-of-1.2025-11-08__13-10-33/panes/post-agent.txt"
READ = {
    f"terminal_bench_v1/blind-maze-explorer-5x5/blind-maze-explorer-5x5.{PANE}": (
        "terminal_pane",
        1,
        18,
        0,
    ),
    f"terminal_bench_v1/build-initramfs-qemu/build-initramfs-qemu.{PANE}": (
        "terminal_pane",
        1,
        10,
        0,
    ),
    f"{CODING}/copilot-cli_cleanup_input.jsonl": ("copilot", 1, 1, 1),
    "autogen/autogen_agentchat_task_result.json": ("autogen", 1, 5, 0),
    "autogen/autogen_team_state.json": ("autogen_state", 1, 5, 0),
    "autogen/chat_completion_recorder_self_teaching.json": (
        "autogen_recording",
        1,
        29,
        0,
    ),
    "autogen/history-wile_e_coyote_1.json": ("autogen", 1, 3, 0),
    "smolagents/gpt-4o__code__math.first20.jsonl": ("smolagents_answers", 20, 42, 0),
    "smolagents/gpt-4o__tool-calling__simpleqa.first25.jsonl": (
        "smolagents_answers",
        25,
        50,
        0,
    ),
    "smolagents/smolagents_manager_with_planning_full_steps.json": (
        "smolagents",
        1,
        3,
        0,
    ),
    "smolagents/smolagents_manager_with_planning_run_result.json": (
        "smolagents_result",
        1,
        3,
        0,
    ),
    "smolagents/smolagents_manager_with_planning_succinct_steps.json": (
        "smolagents",
        1,
        3,
        0,
    ),
    "smolagents/smolagents_tool_calling_agent_full_steps.json": ("smolagents", 1, 2, 0),
    "smolagents/smolagents_tool_calling_agent_run_result.json": (
        "smolagents_result",
        1,
        2,
        0,
    ),
    "smolagents/smolagents_tool_calling_agent_succinct_steps.json": (
        "smolagents",
        1,
        2,
        0,
    ),
    "crewai/crewai_crew_output.json": ("crewai", 1, 2, 0),
    "crewai/crewai_step_callback.json": ("crewai_callback", 1, 1, 0),
    "google_adk/order_query.test.json": ("google_adk_cases", 1, 8, 0),
    "google_adk/sample.session.json": ("google_adk", 1, 6, 0),
    **{
        f"toolbench/{name}_ChatGPT_DFS_woFilter_w2.json": ("toolbench", 1, steps, 0)
        for name, steps in {"11": 4, "21": 4, "57": 5}.items()
    },
    **{
        f"adp/{name}_sample_std.json": ("adp", episodes, steps, 0)
        for name, episodes, steps in (
            ("agenttuning_db", 5, 10),
            ("agenttuning_kg", 5, 80),
            ("agenttuning_os", 5, 34),
            ("agenttuning_webshop", 5, 27),
            ("android_in_the_wild", 1, 3),
            ("code_feedback", 10, 41),
            ("codeactinstruct", 5, 18),
            ("eto", 3, 15),
            ("mini-coder", 1, 9),
            ("nebius_SWE-agent-trajectories", 5, 54),
            ("webarena_successful", 6, 8),
        )
    },
    "webarena_browsergym/webarena_successful_sample_raw.json": ("webarena", 3, 4, 0),
    # a row a step, each with all the model read: episodes of one step
    "webarena_browsergym/nnetnav_live_sample_raw.json": ("openai_chat", 2, 2, 0),
    "gym_minari/minari_cartpole_main_data.hdf5": ("minari", 3, 76, 0),
    "other_frameworks/pydantic_ai_messages.json": ("pydantic_ai", 1, 3, 0),
    **{
        f"{CODING}/{name}": (format, 1, steps, errors)
        for name, format, steps, errors in (
            (
                "agent_history_rejections__gemini_with_tool_error.jsonl",
                "gemini_cli",
                5,
                0,
            ),
            ("agent_sessions/cursor/large.jsonl", "coding_agents", 5, 0),
            ("agent_sessions/droid/session_store_small.jsonl", "coding_agents", 1, 0),
            ("agent_sessions/gemini/jsonl_v040.jsonl", "gemini_cli", 2, 0),
            ("agent_sessions/gemini/small.json", "gemini_cli", 1, 0),
            ("agent_sessions/grok/subagent/chat_history.jsonl", "grok", 2, 0),
            ("agent_sessions/pi/small.jsonl", "coding_agents", 2, 0),
            ("agentsview_tool_calls.json", "gemini_cli", 1, 0),
            ("gemini-cli_tool-calls_input.json", "gemini_cli", 1, 0),
            # with a line that is no JSON, which is told
            ("cursor_cleanup_input.jsonl", "coding_agents", 1, 1),
            ("openclaw_cleanup_input.jsonl", "coding_agents", 2, 1),
            ("droid_happy-path_input.jsonl", "coding_agents", 2, 0),
            ("omp_tool-calls_input.jsonl", "coding_agents", 3, 0),
            ("opencode_cleanup_input.json", "opencode", 1, 0),
            ("pi_real_session.first40.jsonl", "coding_agents", 17, 0),
            ("pi_tool-calls_input.jsonl", "coding_agents", 3, 0),
            ("qwen_code.jsonl", "coding_agents", 2, 0),
        )
    },
}
REFUSED = {
    "smolagents/decentralized_math.first4.jsonl": "the steps that led to them",
    f"{CODING}/pi_tool-calls_expected.json": "a normaliser's records",
    f"{CODING}/agent_sessions/kimi/state.json": "Kimi's state of a session",
    "autogen/team.json": "AutoGen's configuration",
    "gym_minari/minari_cartpole_metadata.json": "Minari's metadata",
}
# by what their names end with: files of whole folders that hold no run
REFUSED_ENDS = {
    ".pkl": "a Python pickle",
    ".pkl.gz": "a Python pickle",
    "summary_info.json": "AgentLab's summary",
    "_of_3.csv": "AgentLab's table",
    "1/results.json": "Terminal-Bench's summary",
    "33/results.json": "Terminal-Bench's result of a trial",
    "run_metadata.json": "Terminal-Bench's settings",
    "commands.txt": "keystrokes of Terminal-Bench's harness",
}
FOLDERS = (
    "adp",
    "autogen",
    "crewai",
    "google_adk",
    "gym_minari",
    "smolagents",
    "toolbench",
)


@pytest.mark.parametrize("name", READ)
def test_a_real_file_comes_in(samples: Path, name: str):
    assert outcome_of_reading(samples / name) == READ[name]


@pytest.mark.parametrize("name", REFUSED)
def test_a_real_file_without_a_run_is_named(samples: Path, name: str):
    assert REFUSED[name] in outcome_of_reading(samples / name)[0]


@pytest.mark.parametrize("folder", ["webarena_browsergym", "terminal_bench_v1"])
def test_the_rest_of_a_folder_is_refused_with_a_reason(samples: Path, folder: str):
    for name in names_in(samples, folder) - READ.keys():
        reason = next(REFUSED_ENDS[end] for end in REFUSED_ENDS if name.endswith(end))
        assert reason in outcome_of_reading(samples / name)[0]


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_file_of_a_folder_is_forgotten(samples: Path, folder: str):
    assert names_in(samples, folder) == {
        name for name in (*READ, *REFUSED) if name.startswith(f"{folder}/")
    }
