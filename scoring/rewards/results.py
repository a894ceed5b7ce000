"""Results of tool calls: made up by the agent, or never given.

Both rules look only where the log itself shows how results are reported, and let
everything doubtful through.
"""

import re
from collections.abc import Iterator

from scoring.rewards.evidence import words_of
from scoring.schema import Call, Episode, Step

MAX_LOOKS = 200  # each reads every result so far

# What only an environment writes: a result block of a chat template, or the line of a
# ReAct log after an action. A heading "Observation:" alone is ordinary prose.
_BLOCK = re.compile(
    r"<(tool_response|tool_result|function_result)s?>\s*([^<]{1,2000})", re.IGNORECASE
)
_LINE = re.compile(
    r"^Action(?: Input)?: ?[^\n]{0,2000}\nObservation: ?([^\n]{1,2000})", re.MULTILINE
)


def invented(episode: Episode) -> Iterator[int]:
    """Steps in which the agent writes the result of a call itself, and not one that was
    ever returned: a made-up observation in its own words."""
    given, looks = "", 0
    for step in episode.steps:
        for result in (step.observation, *(call.result for call in step.calls)):
            given += _plain(result or "") + "\n"
        claims = [_plain(claim) for text in words_of(step) for claim in _claims(text)]
        looks += len(claims)
        if looks > MAX_LOOKS:
            return
        if not all(claim in given for claim in claims):
            yield step.index


def unresolved(episode: Episode) -> Iterator[int]:
    """The last step, where a call before it got neither result nor error nor anything
    seen after it.

    A response rule, so only decidable at the end. Calls of the last step may end the
    run, and a log without any result doesn't record them.
    """
    pairs = list(zip(episode.steps, episode.steps[1:], strict=False))
    recorded = any(_answered(call) for step in episode.steps for call in step.calls)
    if recorded and any(_hangs(step, after) for step, after in pairs):
        yield len(episode.steps) - 1


def _claims(text: str) -> Iterator[str]:
    yield from (match[2] for match in _BLOCK.finditer(text))
    yield from (match[1] for match in _LINE.finditer(text))


def _hangs(step: Step, after: Step) -> bool:
    silent = not (step.error or after.observation)
    return silent and any(not _answered(call) for call in step.calls)


def _answered(call: Call) -> bool:
    return call.result is not None or call.is_error


def _plain(text: str) -> str:
    return " ".join(text.split())
