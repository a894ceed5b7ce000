"""Thoughts and tool calls that a model wrote into its text."""

import re

from scoring.formats import fields
from scoring.schema import Call

_THINK = re.compile(r"<(think|thinking)>(.*?)(?:</\1>|\Z)", re.DOTALL)
# a chat template may swallow the opening tag
_THINK_END = re.compile(r"\A(.*?)</think(?:ing)?>", re.DOTALL)
_THOUGHT = re.compile(
    r"\A\s*(?:thoughts?|think):(.*?)"
    r"(?=^[ \t]*(?:act|action|final answer)[ \t]*:|^```|\Z)",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
# each pattern may run to the end of the text (\\Z): a tag that is never closed would
# otherwise be looked for again from every tag before it
_TOOL_CALL = re.compile(r"<tool_call>(.*?)(?:</tool_call>|\Z)", re.DOTALL)
_FUNCTION = re.compile(r"<function=([^>\s]{1,200})>(.*?)(?:</function>|\Z)", re.DOTALL)
_PARAMETER = re.compile(
    r"<parameter=([^>\s]{1,200})>(.*?)(?:</parameter>|\Z)", re.DOTALL
)
_RESPONSE = re.compile(r"<tool_response>(.*?)(?:</tool_response>|\Z)", re.DOTALL)


def split_thought(text: str) -> tuple[str, str]:
    """(thought, rest) of a text with <think> tags or a leading "Thought:" paragraph."""
    if "</think" in text or "<think" in text:
        thoughts = [match.group(2).strip() for match in _THINK.finditer(text)]
        rest = _THINK.sub("", text)
        if (head := _THINK_END.match(rest)) is not None:
            thoughts.insert(0, head.group(1).strip())
            rest = rest[head.end() :]
        return "\n\n".join(filter(None, thoughts)), rest.strip()
    match = _THOUGHT.match(text)
    if match is None:
        return "", text
    return match.group(1).strip(), text[match.end() :].strip()


def split_calls(text: str) -> tuple[tuple[Call, ...], str]:
    """(calls, rest) of a text with <tool_call>{…}</tool_call> (Hermes, Qwen) or
    <function=name><parameter=key>…</parameter></function> (OpenHands) in it."""
    if "<tool_call>" not in text and "<function=" not in text:
        return (), text
    calls = [
        _tagged_call(match.group(1).strip()) for match in _TOOL_CALL.finditer(text)
    ]
    rest = _TOOL_CALL.sub("", text)
    calls += [_function(match) for match in _FUNCTION.finditer(rest)]
    return tuple(calls), _FUNCTION.sub("", rest).strip()


def tool_responses(text: str) -> list[str]:
    """What stands in <tool_response> tags, if the text is nothing else."""
    if "<tool_response>" not in text or _RESPONSE.sub("", text).strip():
        return []
    return [match.group(1).strip() for match in _RESPONSE.finditer(text)]


def _tagged_call(body: str) -> Call:
    function = _FUNCTION.search(body)
    if function is not None:
        return _function(function)
    if fields.record(fields.parsed(body)):
        return fields.call(body)
    return Call(name="unparsed", arguments=body)


def _function(match: re.Match[str]) -> Call:
    given = _PARAMETER.findall(match.group(2))
    arguments = {name: value.strip("\n") for name, value in given}
    return Call(name=match.group(1), arguments=arguments)
