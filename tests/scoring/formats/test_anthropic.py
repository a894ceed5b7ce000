import json
from io import BytesIO

from scoring.formats import open_file, read
from scoring.schema import Tokens

ASK = {"role": "user", "content": "Weather in Lisbon?"}
CALL = {
    "role": "assistant",
    "content": [
        {"type": "thinking", "thinking": "Look it up.", "signature": "x"},
        {"type": "text", "text": "One moment."},
        {"type": "tool_use", "id": "a", "name": "weather", "input": {"city": "Lisbon"}},
    ],
}
RESULT = {
    "role": "user",
    "content": [
        {
            "type": "tool_result",
            "tool_use_id": "a",
            "content": "down",
            "is_error": True,
        },
        {"type": "text", "text": "Hurry."},
    ],
}
ANSWER = {"role": "assistant", "content": "I can't tell."}
MESSAGES = [ASK, CALL, RESULT, ANSWER]


def session(**changes):
    """The same run as Claude Code writes it: each block of an answer has a line."""
    blocks = [
        {"role": "assistant", "id": "m1", "content": [b]} for b in CALL["content"]
    ]
    turns = [ASK, *blocks, RESULT, {**ANSWER, "id": "m2"}]
    usage = {"input_tokens": 2, "cache_read_input_tokens": 40, "output_tokens": 7}
    return [
        {
            "type": turn["role"],
            "uuid": f"u{i}",
            "parentUuid": f"u{i - 1}" if i else None,
            "sessionId": "s",
            "message": {**turn, "model": "c-4", "usage": usage},
            **changes,
        }
        for i, turn in enumerate(turns)
    ]


def results(value):
    return list(read(BytesIO(json.dumps(value).encode())))


def test_blocks_become_thought_words_calls_and_results():
    [episode] = results({"model": "c-4", "system": "Be kind.", "messages": MESSAGES})
    first, last = episode.steps
    [call] = first.calls
    assert (first.thought, first.text) == ("Look it up.", "One moment.")
    assert (call.arguments, call.result, call.is_error) == (
        {"city": "Lisbon"},
        "down",
        True,
    )
    assert (last.observation, last.text) == ("Hurry.", "I can't tell.")
    assert (episode.system, episode.model) == ("Be kind.", "c-4")


def test_a_bare_list_is_told_from_openais_by_its_blocks():
    assert open_file(BytesIO(json.dumps(MESSAGES).encode())).format.name == (
        "anthropic_messages"
    )
    assert results(MESSAGES)[0].steps == results({"messages": MESSAGES})[0].steps


def test_lines_of_one_answer_are_one_step_and_its_tokens_count_once():
    [episode] = results(session())
    assert [step.thought for step in episode.steps] == ["Look it up.", ""]
    assert episode.steps[0].tokens == Tokens(42, 7)
    assert (episode.id, episode.model, episode.task) == ("s", "c-4", ASK["content"])


def test_a_turn_said_anew_leaves_its_branch_behind():
    rows = session()
    again = {**rows[0], "uuid": "v1", "parentUuid": "u5"}
    later = [
        {**again, "message": {"role": "user", "content": "And Porto?"}},
        {**rows[5], "uuid": "v2", "parentUuid": "v1"},
        {**again, "uuid": "w1", "message": {"role": "user", "content": "And Faro?"}},
        {
            **rows[5],
            "uuid": "w2",
            "parentUuid": "w1",
            "message": {**ANSWER, "id": "m3"},
        },
    ]
    [episode] = results([*rows, *later])
    assert [step.observation for step in episode.steps] == ["", "Hurry.", "And Faro?"]
    assert episode.meta["warnings"] == ["2 rows of abandoned branches were left out"]


def test_a_sub_agent_is_an_episode_of_its_own():
    main, child = results([*session(), *session(isSidechain=True, agentId="helper")])
    assert (main.id, child.id) == ("s", "s:helper")
    assert child.meta["columns"]["sub_agent"] == "helper"


def test_what_the_client_writes_in_the_users_name_is_no_turn():
    rows = session()
    reminder = {"role": "user", "content": "<command-name>/clear</command-name>"}
    note = {**rows[0], "uuid": "x", "message": reminder}
    meta = {**rows[0], "uuid": "y", "isMeta": True}
    assert results([note, meta, *rows])[0].steps == results(rows)[0].steps


def test_a_stream_without_its_prompt_says_so():
    init = {"type": "system", "subtype": "init", "session_id": "s"}
    end = {"type": "result", "subtype": "error_max_turns", "session_id": "s"}
    [episode] = results([init, *session()[1:], end])
    assert episode.ended == "truncated"
    assert episode.meta["columns"]["result"]["subtype"] == "error_max_turns"


def test_a_web_export_holds_the_same_lines():
    [export], [lines] = results({"loglines": session()}), results(session())
    assert (export.id, export.steps) == (lines.id, lines.steps)
