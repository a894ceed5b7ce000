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
}
REFUSED = {
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
