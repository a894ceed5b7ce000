"""Runs that are spread over the files of a folder, as a zip of it."""

import gzip
import json
from io import BytesIO

import pytest

from scoring.formats import RowError, open_file
from scoring.schema import Episode
from tests.scoring.formats import test_anthropic as anthropic
from tests.scoring.formats import test_swe_agents as swe_agents
from tests.scoring.formats.examples import VALUES
from tests.scoring.formats.packing import tarred, zipped
from tests.scoring.formats.test_atif import RUN as ATIF

SESSION = {"id": "s", "projectID": "p", "directory": "/", "time": {}}
ASKED = {"id": "m1", "role": "user", "sessionID": "s", "summary": {"body": "List."}}
SAID = {"id": "m2", "role": "assistant", "sessionID": "s", "modelID": "gpt"}
USED = {
    "type": "tool",
    "tool": "ls",
    "callID": "c",
    "messageID": "m2",
    "state": {"status": "completed", "input": {}, "output": "a"},
}


def read_folder(files):
    data = zipped({name: json.dumps(value).encode() for name, value in files.items()})
    reading = open_file(BytesIO(data))
    results = list(reading.episodes)
    episodes = [result for result in results if isinstance(result, Episode)]
    errors = [result for result in results if isinstance(result, RowError)]
    return reading.format.name, episodes, errors


def test_events_of_openhands_are_in_the_order_of_their_numbers():
    events = swe_agents.HANDS_0
    files = {f"s/events/{i}.json": event for i, event in enumerate(events, 8)}
    about = {"conversation_id": "c", "llm_model": "m", "selected_repository": None}
    name, [episode], errors = read_folder({**files, "s/metadata.json": about})
    [plain] = open_file(BytesIO(json.dumps(events).encode())).episodes
    assert (name, errors) == ("openhands_v0", [])
    assert (episode.id, episode.model) == ("c", "m")
    assert episode.steps == plain.steps


def test_events_of_openhands_1_beside_their_state():
    events = swe_agents.HANDS_1
    files = {f"events/event-{i:05}-x.json": event for i, event in enumerate(events)}
    state = {"id": "r", "execution_status": "finished", "persistence_dir": "/"}
    name, [episode], _ = read_folder({**files, "base_state.json": state})
    assert (name, episode.id) == ("openhands_v1", "r")


def test_opencode_keeps_each_part_in_a_file():
    files = {
        "session/p/ses_s.json": SESSION,
        "message/s/1.json": ASKED,
        "message/s/2.json": SAID,
        "part/m2/1.json": USED,
    }
    name, [episode], errors = read_folder(files)
    assert (name, errors, episode.task) == ("opencode", [], "List.")
    assert (episode.id, episode.model) == ("s", "gpt")
    assert episode.steps[0].calls[0].result == "a"


def test_the_parts_of_older_versions_name_their_message():
    files = {"message/s/1.json": ASKED, "message/s/2.json": SAID, "part/x.json": USED}
    _, [episode], _ = read_folder(files)
    assert episode.steps[0].calls[0].name == "ls"


def test_the_reward_of_harbor_joins_the_trajectory():
    trial = {"trial_name": "t", "verifier_result": {"rewards": {"reward": 1.0}}}
    files = {
        "job/t/agent/trajectory.json": ATIF,
        "job/t/result.json": trial,
        "job/t/config.json": {"agent_timeout_multiplier": 1, "verifier": {}},
    }
    name, [episode], [error] = read_folder(files)
    assert (name, episode.outcome.score) == ("archive", 1.0)
    assert episode.meta["columns"]["rewards"] == {"reward": 1.0}
    assert (error.member, "configuration" in error.detail) == (
        "job/t/config.json",
        True,
    )


def test_sub_agents_of_claude_code_know_the_call_that_started_them():
    main = anthropic.session()
    spoken = [{**row, "isSidechain": True, "agentId": "x"} for row in main]
    started = {"tool_use_id": "task", "type": "tool_result", "content": "done"}
    result = {
        "type": "user",
        "sessionId": "s",
        "toolUseResult": {"agentId": "x"},
        "message": {"role": "user", "content": [started]},
    }
    lines = {
        "p/s.jsonl": [*main, result],
        "p/s/subagents/agent-x.jsonl": spoken,
    }
    files = {n: "\n".join(map(json.dumps, rows)).encode() for n, rows in lines.items()}
    files["p/s/subagents/agent-x.meta.json"] = b'{"agentType": "a", "spawnDepth": 1}'
    reading = open_file(BytesIO(zipped(files)))
    _, sub = reading.episodes
    assert reading.format.name == "claude_code"
    assert sub.meta["columns"]["parent_call"] == "task"


def test_a_damaged_file_costs_its_run_only():
    files = {"a/events/0.json": ["no object"], "b.json": ATIF}
    name, episodes, [error] = read_folder(files)
    assert (name, len(episodes), error.member) == ("archive", 1, "a/")


@pytest.mark.parametrize("pack", [tarred, lambda files: gzip.compress(tarred(files))])
def test_a_folder_may_come_as_a_tar(pack):
    files = {"part/x.json": USED, "message/s/2.json": SAID, "message/s/1.json": ASKED}
    data = pack({name: json.dumps(value).encode() for name, value in files.items()})
    reading = open_file(BytesIO(data))
    [episode] = reading.episodes
    assert (reading.format.name, episode.steps[0].calls[0].name) == ("opencode", "ls")


def test_a_checkpoint_of_voyager_may_come_as_a_tar():
    attempt = json.dumps(VALUES["voyager"]).encode()
    files = {f"ckpt/events/Mine_1_log_2024010{i}_000000": attempt for i in (2, 1)}
    [episode] = open_file(BytesIO(gzip.compress(tarred(files)))).episodes
    assert (episode.task, len(episode.steps)) == ("Mine 1 log", 2)


def test_a_tar_too_large_to_hold_is_read_file_by_file():
    filler = {"filler.txt": b"x" * (17 << 20)}
    events = {"events/0.json": json.dumps(swe_agents.HANDS_0[0]).encode()}
    data = tarred({**events, "run.json": json.dumps(ATIF).encode(), **filler})
    results = list(open_file(BytesIO(data)).episodes)
    assert [type(result).__name__ for result in results] == [
        "RowError",
        "Episode",
        "RowError",
    ]
