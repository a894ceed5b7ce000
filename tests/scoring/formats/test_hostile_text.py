"""Texts made to send a pattern back and forth cost no more than their length.

With a quadratic pattern each of these takes minutes instead of milliseconds.
"""

import json
from contextlib import suppress
from io import BytesIO

import pytest

from scoring.errors import ScoringError
from scoring.formats import read

N = 300_000
LABELS = "2023-04-14 12:44:25,605 INFO REASONING: a\n2023-04-14 12:44:25,605 INFO "


def said(text: str) -> str:
    ask = {"role": "user", "content": text}
    return json.dumps([ask, {"role": "assistant", "content": text}, ask])


def called(**call) -> str:
    call["function"] = {"name": "f"}
    result = {"role": "tool", "content": "x", "tool_call_id": call.get("id")}
    asked = [{"role": "user", "content": "q"}, {"role": "assistant"}]
    asked[1]["tool_calls"] = [call] * 1000
    return json.dumps([*asked, *[result] * 2000])


@pytest.mark.parametrize(
    "text",
    [
        said("<tool_call>x" + " " * N + "y"),
        said("<tool_call>" * (N // 10)),
        said("<function=" * (N // 10)),
        said("<function=f>" + "<parameter=a>" * (N // 10)),
        said("<tool_response>" * (N // 15)),
        said("<think>" * (N // 7)),
        said("Thought:" + "\n" * N + "x"),
        "Question: q\nThought: t\nAction: a" + " " * N + "x\n",
        "Question: q\nThought: t\nAction: a[" + "]" * N + "x\n",
        "Question: q\nThought: t\n" + "\n" * N,
        "Instruction: a\nAction: reset\nObservation: Instruction:" + " " * N + "x\n",
        LABELS + "NEXT ACTION: COMMAND = " + " " * N + "\n",
        '{"a":"' + "\\\\" * N,
        '{"a":' * N,
        "[" + "," * N,
        called(id="same"),
        called(),
    ],
)
def test_a_hostile_text_is_read_or_refused(text):
    with suppress(ScoringError):
        assert len(list(read(BytesIO(text.encode())))) <= 2
