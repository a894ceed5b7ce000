"""Every real file of these frameworks comes in, or is refused with a reason."""

from pathlib import Path

import pytest

from tests.scoring.formats.sample_files import names_in, outcome_of_reading

# folder/file: (format, episodes, steps, errors)
READ = {
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
}
REFUSED = {
    "smolagents/decentralized_math.first4.jsonl": "the steps that led to them",
    "autogen/team.json": "AutoGen's configuration",
}
FOLDERS = sorted({name.partition("/")[0] for name in READ})


@pytest.mark.parametrize("name", READ)
def test_a_real_file_comes_in(samples: Path, name: str):
    assert outcome_of_reading(samples / name) == READ[name]


@pytest.mark.parametrize("name", REFUSED)
def test_a_real_file_without_a_run_is_named(samples: Path, name: str):
    assert REFUSED[name] in outcome_of_reading(samples / name)[0]


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_file_of_a_folder_is_forgotten(samples: Path, folder: str):
    assert names_in(samples, folder) == {
        name for name in (*READ, *REFUSED) if name.startswith(f"{folder}/")
    }
