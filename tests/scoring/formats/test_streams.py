"""Streams of answers are put together again."""

import json
from io import BytesIO

from scoring.formats import open_file
from scoring.schema import Tokens


def chunk(delta, name="1", **more):
    choice = {"index": 0, "delta": delta, "finish_reason": more.pop("ends", None)}
    about = {"id": name, "object": "chat.completion.chunk", "model": "m"}
    return {**about, "choices": [choice], **more}


def piece(index, **function):
    name = function.pop("id", None)
    return {"tool_calls": [{"index": index, "id": name, "function": function}]}


ASK = {"messages": [{"role": "user", "content": "Weather?"}]}
CHUNKS = [
    ASK,
    chunk({"role": "assistant", "reasoning_content": "Two "}),
    chunk({"reasoning_content": "places."}),
    chunk(piece(1, id="b", name="get", arguments='{"at": ')),
    chunk(piece(0, id="a", name="get", arguments="")),
    chunk(piece(1, arguments='"Faro"}')),
    chunk(piece(0, arguments='{"at": "Braga"}'), ends="tool_calls"),
    {"id": "1", "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 4}},
    {
        "messages": [
            *ASK["messages"],
            {"role": "assistant", "content": None},
            {"role": "tool", "tool_call_id": "b", "content": "sun"},
            {"role": "tool", "tool_call_id": "a", "content": "rain"},
        ]
    },
    chunk({"content": "Rain "}, "2"),
    chunk({"content": "and sun."}, "2", ends="length"),
]
EVENTS = [
    {
        "type": "message_start",
        "message": {"id": "m1", "model": "c", "usage": {"input_tokens": 7}},
    },
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking"}},
    {"type": "content_block_delta", "index": 0, "delta": {"thinking": "Look "}},
    {"type": "content_block_delta", "index": 0, "delta": {"thinking": "first."}},
    {
        "type": "content_block_start",
        "index": 1,
        "content_block": {"type": "tool_use", "id": "t", "name": "ls", "input": {}},
    },
    {"type": "content_block_delta", "index": 1, "delta": {"partial_json": '{"at"'}},
    {"type": "content_block_delta", "index": 1, "delta": {"partial_json": ': "/"}'}},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use"},
        "usage": {"output_tokens": 5},
    },
    {"type": "message_stop"},
]
RESPONSE_EVENTS = [
    {"type": "response.created", "response": {"id": "r", "model": "m", "output": []}},
    {
        "type": "response.output_item.done",
        "item": {
            "type": "function_call",
            "call_id": "c",
            "name": "ls",
            "arguments": "{}",
        },
    },
]


def only(rows):
    text = "\n".join(json.dumps(row) for row in rows)
    reading = open_file(BytesIO(text.encode()))
    [episode] = reading.episodes
    return reading.format.name, episode


def test_chunks_are_joined_by_the_index_of_their_call():
    name, episode = only(CHUNKS)
    first, second = episode.steps
    assert (name, episode.task, episode.model) == ("openai_stream", "Weather?", "m")
    assert first.thought == "Two places."
    assert [(c.id, c.arguments, c.result) for c in first.calls] == [
        ("a", {"at": "Braga"}, "rain"),
        ("b", {"at": "Faro"}, "sun"),
    ]
    assert first.tokens == Tokens(9, 4)
    assert (second.text, episode.ended) == ("Rain and sun.", "truncated")


def test_a_stream_without_its_request_has_no_prompt():
    _, episode = only(CHUNKS[-2:])
    assert (len(episode.steps), episode.task[:4]) == (1, "(the")


def test_server_sent_events_are_read_as_they_came():
    lines = [f"event: x\ndata: {json.dumps(row)}\n" for row in CHUNKS[1:6]]
    text = ": keep-alive\n\n" + "\n".join(lines) + "\ndata: [DONE]\n"
    reading = open_file(BytesIO(text.encode()))
    [episode] = reading.episodes
    assert reading.format.name == "openai_stream"
    assert episode.steps[0].thought == "Two places."


def test_blocks_of_anthropic_are_put_together_from_their_deltas():
    name, episode = only([ASK, *EVENTS])
    [step] = episode.steps
    assert (name, step.thought) == ("anthropic_stream", "Look first.")
    assert (step.calls[0].name, step.calls[0].arguments) == ("ls", {"at": "/"})
    assert (step.tokens, episode.id, episode.model) == (Tokens(7, 5), "m1", "c")


def test_a_stream_of_responses_that_was_cut_has_its_finished_items():
    name, episode = only(RESPONSE_EVENTS)
    assert (name, episode.ended) == ("responses_stream", "truncated")
    assert episode.steps[0].calls[0].name == "ls"


def test_the_last_event_holds_the_whole_response():
    said = {"type": "message", "role": "assistant", "content": "Done."}
    whole = {"id": "r", "model": "m", "output": [said]}
    end = {"type": "response.completed", "response": whole}
    _, episode = only([*RESPONSE_EVENTS, end])
    assert [step.text for step in episode.steps] == ["Done."]
    assert (episode.id, episode.ended) == ("r", "terminated")
