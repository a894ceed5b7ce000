"""One step is one assistant message, whatever the messages are carried in."""

import json
from io import BytesIO

import pytest

from scoring.formats import RowError, open_file, read
from scoring.schema import Call, Episode

ASK = {"role": "user", "content": "Weather in Lisbon and Porto?"}
CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": "a", "function": {"name": "weather", "arguments": '{"city": "Lisbon"}'}},
        {"id": "b", "function": {"name": "weather", "arguments": '{"city": "Porto"}'}},
    ],
}
LISBON = {"role": "tool", "tool_call_id": "a", "content": "19 C"}
PORTO = {"role": "tool", "tool_call_id": "b", "content": "17 C"}
ANSWER = {"role": "assistant", "content": "Lisbon 19, Porto 17."}
MESSAGES = [ASK, CALL, PORTO, LISBON, ANSWER]


def episodes(value) -> list[Episode | RowError]:
    return list(read(BytesIO(json.dumps(value).encode())))


def only(value) -> Episode:
    [episode] = episodes(value)
    assert isinstance(episode, Episode), episode
    return episode


def test_parallel_calls_are_one_step_and_results_find_their_call_by_id():
    first, second = only(MESSAGES).steps
    assert [(c.arguments["city"], c.result) for c in first.calls] == [
        ("Lisbon", "19 C"),
        ("Porto", "17 C"),
    ]
    assert (first.kind, second.kind, second.text) == (
        "tool",
        "message",
        ANSWER["content"],
    )


@pytest.mark.parametrize(
    "carrier",
    [
        MESSAGES,
        {"messages": MESSAGES},
        [{"messages": MESSAGES}],
        {"messages": json.dumps(MESSAGES)},
        {"messages": [json.dumps(message) for message in MESSAGES]},
        {"task_id": "t", "turns": MESSAGES},
        {
            "request": {"messages": MESSAGES[:-1]},
            "response": {"choices": [{"message": ANSWER}]},
        },
        json.dumps(MESSAGES),
        [MESSAGES],
    ],
)
def test_every_carrier_gives_the_same_steps(carrier):
    assert only(carrier).steps == only(MESSAGES).steps


def test_users_in_the_middle_are_seen_by_the_next_step():
    more = {"role": "user", "content": "And Faro?"}
    last = only([*MESSAGES, more, {"role": "assistant", "content": "21."}]).steps[-1]
    assert (last.index, last.observation) == (2, "And Faro?")


def test_system_messages_before_the_first_step_are_the_system_prompt():
    episode = only([{"role": "system", "content": "Be brief."}, *MESSAGES])
    assert (episode.system, episode.task) == ("Be brief.", ASK["content"])


def test_a_user_who_speaks_after_the_greeting_is_task_and_observation():
    greeting = {"role": "assistant", "content": "How can I help?"}
    episode = only([greeting, ASK, ANSWER])
    assert episode.task == episode.steps[1].observation == ASK["content"]


@pytest.mark.parametrize(
    ("message", "thought"),
    [
        ({"content": "<think>Which?</think>19"}, "Which?"),
        ({"content": "Which?</think>19"}, "Which?"),
        ({"content": "19", "reasoning_content": "Which?"}, "Which?"),
        (
            {"content": [{"type": "reasoning", "value": "Which?"}, {"text": "19"}]},
            "Which?",
        ),
        ({"content": "Thought: Which?\nAction: 19"}, "Which?"),
    ],
)
def test_thoughts_are_told_apart_from_words(message, thought):
    [step] = only([ASK, {"role": "assistant", **message}]).steps
    assert step.thought == thought
    assert "19" in step.text
    assert "Which" not in step.text


@pytest.mark.parametrize(
    "message",
    [
        {"content": '<tool_call>{"name": "f", "arguments": {"x": 1}}</tool_call>'},
        {"content": "<function=f><parameter=x>1</parameter></function>"},
        {"function_call": {"name": "f", "arguments": '{"x": 1}'}, "content": None},
        {
            "content": [
                {"type": "tool_call", "value": '{"name": "f", "arguments": {"x": 1}}'}
            ]
        },
        {
            "content": "",
            "tool_calls": ['{"function": {"name": "f", "arguments": {"x": 1}}}'],
        },
    ],
)
def test_a_call_is_found_wherever_it_is_written(message):
    [step] = only([ASK, {"role": "assistant", **message}]).steps
    [call] = step.calls
    assert (call.name, str(call.arguments["x"]), step.text) == ("f", "1", "")


def test_arguments_that_do_not_parse_stay_text():
    broken = {"id": "a", "function": {"name": "f", "arguments": '{"x": '}}
    [step] = only([ASK, {"role": "assistant", "tool_calls": [broken]}]).steps
    assert step.calls == (Call("f", '{"x": ', "a"),)


def test_results_without_ids_are_joined_in_order_with_a_warning():
    results = [{"role": "tool", "content": text} for text in ("19 C", "17 C")]
    episode = only([ASK, CALL, *results, ANSWER])
    assert [call.result for call in episode.steps[0].calls] == ["19 C", "17 C"]
    assert episode.meta["warnings"] == [
        "a result and its call lack a common id: joined in order (2 times)"
    ]


def test_an_id_used_twice_is_joined_in_order_with_a_warning():
    twice = {**CALL, "tool_calls": [CALL["tool_calls"][0]] * 2}
    episode = only([ASK, twice, LISBON, LISBON, ANSWER])
    assert [call.result for call in episode.steps[0].calls] == ["19 C", "19 C"]
    assert "used twice" in episode.meta["warnings"][0]


def test_tool_responses_in_a_user_message_are_results():
    response = {"role": "user", "content": "<tool_response>19 C</tool_response>"}
    assert only([ASK, CALL, response]).steps[0].calls[0].result == "19 C"


def test_a_prompt_nobody_answered_is_refused_with_its_line():
    [error] = episodes({"messages": [ASK]})
    assert error.line == 1
    assert "without any answer" in error.detail


@pytest.mark.parametrize(
    ("columns", "success", "score"),
    [
        ({"score": 0.8}, None, 0.8),
        ({"reward": True}, True, None),
        ({"correct": False}, False, None),
        ({"outcome": {"status": "failure", "score": 0.0}}, False, 0.0),
        ({"reward": 12}, None, None),
        ({"reward": 0.0, "correct": True}, True, None),
    ],
)
def test_outcome_columns_become_the_outcome(columns, success, score):
    outcome = only({"messages": MESSAGES, **columns}).outcome
    assert (outcome.success, outcome.score) == (success, score)


def test_columns_nobody_maps_are_kept_verbatim():
    episode = only({"messages": MESSAGES, "id": "x1", "shard": {"n": [1, 2]}})
    assert episode.id == "x1"
    assert episode.meta["columns"]["shard"] == {"n": [1, 2]}


def test_step_rewards_are_taken_when_there_is_one_a_step():
    row = {"turns": MESSAGES, "step_rewards": [0.5, 1]}
    assert [step.reward for step in only(row).steps] == [0.5, 1.0]


def test_gamma_never_comes_from_a_file():
    native = {"task": "t", "steps": [{"text": "a"}], "gamma": 0.5}
    assert only(native).gamma is None


def test_an_image_is_named_by_its_hash_not_copied():
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    task = only([{"role": "user", "content": [image, {"text": "What?"}]}, ANSWER]).task
    assert task.startswith("[image_url sha256:")
    assert "AAAA" not in task


def test_the_format_can_be_asked_for():
    reading = open_file(BytesIO(json.dumps(MESSAGES).encode()))
    assert reading.format.name == "openai_messages"


def test_a_command_in_a_block_is_a_call_where_a_shell_answers():
    run = "Look.\n```bash\nls `pwd`\n```"
    said = [
        {"role": "user", "content": "Fix it."},
        {"role": "assistant", "content": run},
        {"role": "user", "content": "<returncode>0</returncode>\na.py"},
        {"role": "assistant", "content": run},
        {"role": "user", "content": "Thanks."},
        {"role": "assistant", "content": "Done."},
    ]
    [episode] = read(BytesIO(json.dumps(said).encode()))
    first, second, _ = episode.steps
    assert (first.text, first.calls[0].arguments) == ("Look.", {"command": "ls `pwd`"})
    assert first.calls[0].result == "<returncode>0</returncode>\na.py"
    assert (second.calls, second.text) == ((), run)


# logs that repeat the conversation with every call


def logged(*turns, **more):
    roles = ("user", "assistant")
    said = [{"role": roles[i % 2], "content": words} for i, words in enumerate(turns)]
    return {"request": {"messages": said[:-1]}, "response": answer(said[-1]), **more}


def answer(message):
    return {"choices": [{"message": message}]}


def told(*rows):
    text = "\n".join(json.dumps(row) for row in rows)
    return list(read(BytesIO(text.encode())))


def test_of_the_calls_that_repeat_a_conversation_the_longest_is_the_run():
    [episode] = told(logged("q", "a"), logged("q", "a", "b", "c"))
    assert [step.text for step in episode.steps] == ["a", "c"]
    warning = "1 shorter records of this conversation were left out"
    assert episode.meta["warnings"] == [warning]


def test_runs_that_take_turns_in_a_log_stay_apart():
    first = [("q", "a"), ("q", "a", "b", "c"), ("q", "a", "b", "c", "d", "e")]
    other = [("Q", "A"), ("Q", "A", "B", "C")]
    order = [first[0], other[0], first[1], other[1], first[2]]
    episodes = told(*(logged(*turns) for turns in order))
    assert [(e.task, len(e.steps)) for e in episodes] == [("q", 3), ("Q", 2)]


def test_another_answer_is_another_run():
    assert len(told(logged("q", "a"), logged("q", "x", "b", "c"))) == 2


def test_a_judged_beginning_is_an_episode_of_its_own():
    assert len(told(logged("q", "a", reward=1), logged("q", "a", "b", "c"))) == 2


def test_more_runs_than_can_be_held_back_lose_nothing():
    rows = [logged(f"q{i}", "a") for i in range(30)]
    assert [e.task for e in told(*rows)] == [f"q{i}" for i in range(30)]
