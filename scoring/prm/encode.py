"""An episode as token ids, one template for training and serving.

    Task: …                         the task, then the system prompt
    Result of search: …             what the calls of the step before gave back
    Observation: …                  what users or the environment said since
    Assistant:                      who acts
    Thought: … / text / Call f(…)   the step itself: only these tokens are pooled

So q_t reads the task and steps 0..t but not the results of its own calls: a decision is
judged by what was known when it was taken, and can be judged before its calls are run.
Every piece is tokenised by itself and cut by itself, so the tokens of a prefix never
change as the episode grows. A run longer than the context is read in windows: a step
that doesn't fit any more opens a new one, which shows the task again, then the newest
whole steps that fill half of the room beside it, then that step. Outcome, verdicts,
ids, metadata, costs, rewards of the environment and the length to come are never
encoded.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from typing import Any, TypeVar

from scoring.prm.backbone import Tokenizer
from scoring.prm.cues import cues
from scoring.schema import Call, Episode, Step

TEMPLATE: Mapping[str, Any] = {
    "version": 1,
    "task": "Task: {}\n",
    "system": "Instructions: {}\n",
    "result": "Result of {}: {}\n",
    "error": "Error from {}: {}\n",
    "observation": "Observation: {}\n",
    "agent": "{}:\n",
    "anonymous": "Assistant",
    "thought": "Thought: {}\n",
    "text": "{}\n",
    "call": "Call {}({})\n",
    "left_out": "\n[…]\n",
    # longest piece, in tokens; the middle of a longer one is left out
    "budget": {"task": 2048, "system": 512, "context": 512, "agent": 32, "step": 1024},
    # characters beyond this many a token of budget are cut before tokenising
    "characters": 16,
}

T = TypeVar("T")

_CHARACTERS_PER_TOKEN = 4  # to report what was cut before tokenising


@dataclass(frozen=True, slots=True)
class Encoded:
    """`token_ids` of the episode, window after window, each of which begins at one of
    `starts`; `spans[t]` the half-open token range of step t's own words, None where the
    step didn't fit; `truncation` what was left out and where, None if nothing was;
    `cues[t]` what is cheap to see of step t (`cues.py`)."""

    token_ids: tuple[int, ...]
    spans: tuple[tuple[int, int] | None, ...]
    truncation: dict[str, Any] | None = None
    cues: tuple[tuple[float, ...], ...] = ()
    starts: tuple[int, ...] = (0,)

    @property
    def scored(self) -> list[int]:
        """The steps that have a span, in order."""
        return [t for t, span in enumerate(self.spans) if span]

    def own_tokens(self) -> list[tuple[int, ...]]:
        """What each scored step itself says."""
        return [self.token_ids[slice(*span)] for span in self.spans if span]

    def windows(self) -> "list[Encoded]":
        """Each window by itself, at least one: its tokens, and the spans of the steps
        that are scored in it, None for all others."""
        if len(self.starts) == 1:
            return [self]
        edges = pairwise((*self.starts, len(self.token_ids)))
        return [
            Encoded(self.token_ids[start:end], tuple(self._within(start, end)))
            for start, end in edges
        ]

    def prefix_hashes(self) -> list[str | None]:
        """For each step, the hash of all tokens of its window up to its end: everything
        q_t read."""
        hashes: list[str | None] = [None] * len(self.spans)
        for window in self.windows():
            digest, done = hashlib.sha256(), 0
            for t in window.scored:
                start, end = window.spans[t] or (0, 0)
                read = json.dumps([start, *window.token_ids[done:end]])
                digest.update(read.encode())
                done = end
                hashes[t] = digest.hexdigest()
        return hashes

    def _within(self, start: int, end: int) -> Iterator[tuple[int, int] | None]:
        for span in self.spans:
            inside = span and start <= span[0] and span[1] <= end
            yield (span[0] - start, span[1] - start) if span and inside else None


@dataclass(frozen=True, slots=True)
class _Piece:
    """A run of text with its budget; `step` is None in the head of the episode."""

    text: str
    budget: str
    step: int | None = None


@dataclass(slots=True)
class _Stream:
    """Tokens of the head and of each step, from where in them its own words stand, and
    what was left out of them."""

    head: list[int]
    steps: list[list[int]]
    own: list[int | None]
    elided: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class _Windows:
    """The windows so far; `end` is the step up to which the last one shows them."""

    token_ids: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    end: int = 0
    rows: list[dict[str, int]] = field(default_factory=list)


@cache
def template_hash() -> str:
    text = json.dumps(TEMPLATE, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def encode(episode: Episode, tokenizer: Tokenizer, max_tokens: int) -> Encoded:
    """Tokenise an episode under the template, see `tokens`, and look for its cues."""
    encoded = tokens(episode, tokenizer, max_tokens)
    return replace(encoded, cues=tuple(cues(episode)))


def tokens(episode: Episode, tokenizer: Tokenizer, max_tokens: int) -> Encoded:
    """Tokenise an episode under the template, without its cues.

    No window is longer than `max_tokens`; a step that doesn't fit into one of its own
    gets the span None. `truncation` is `{"dropped_tokens", "elided": [{"step", "part",
    "dropped_tokens"}], "unscored": {step: reason}, "windows": [{"from_step",
    "first_step_shown", "dropped_tokens"}]}`. `dropped_tokens` counts elided tokens,
    estimated as a quarter of the characters where a piece was too long even to
    tokenise; `windows` has those that don't show the first step, the step they were
    opened for, the first one they show and how many tokens of earlier steps they don't.
    """
    pieces = [*_head(episode)]
    for before, step in zip((None, *episode.steps), episode.steps, strict=False):
        pieces += _context(before, step)
        pieces += _own(step)
    count = len(episode.steps)
    stream = _Stream([], [[] for _ in range(count)], [None] * count)
    for piece, ids in zip(pieces, _tokenised(pieces, tokenizer), strict=True):
        _append(stream, piece, ids, tokenizer)
    return _fitted(stream, max_tokens)


def own_words(step: Step) -> str:
    """What the step itself says, uncut: the text its pooled tokens stand for."""
    return "".join(piece.text for piece in _own(step))


Place = tuple[int, int, int]


def places(step: Step, tokenizer: Tokenizer) -> list[Place | None]:
    """For each of the step's own tokens, as `encode` makes them, the piece it is of
    (the thought, the text, each call, those there are) and its characters there, from
    and to; None for the mark of what was left out."""
    found = list[Place | None]()
    for number, piece in enumerate(_own(step)):
        text, gone = _halves(piece)
        edge = len(text) // 2 if gone else len(text)
        at: list[Place | None] = [
            (number, start + gone * (start > edge), end + gone * (end > edge))
            for start, end in tokenizer.offsets(text)
        ]
        marker = len(tokenizer([TEMPLATE["left_out"]])[0])
        found += _cut(at, [None] * marker, TEMPLATE["budget"][piece.budget])
    return found


def _head(episode: Episode) -> Iterator[_Piece]:
    yield _Piece(TEMPLATE["task"].format(episode.task), "task")
    if episode.system:
        yield _Piece(TEMPLATE["system"].format(episode.system), "system")


def _context(before: Step | None, step: Step) -> Iterator[_Piece]:
    for call in before.calls if before else ():
        if call.result is not None:
            form = TEMPLATE["error" if call.is_error else "result"]
            yield _Piece(form.format(call.name, call.result), "context", step.index)
    if step.observation:
        text = TEMPLATE["observation"].format(step.observation)
        yield _Piece(text, "context", step.index)
    agent = step.agent or TEMPLATE["anonymous"]
    yield _Piece(TEMPLATE["agent"].format(agent), "agent", step.index)


def _own(step: Step) -> Iterator[_Piece]:
    if step.thought:
        yield _Piece(TEMPLATE["thought"].format(step.thought), "step", step.index)
    if step.text:
        yield _Piece(TEMPLATE["text"].format(step.text), "step", step.index)
    for call in step.calls:
        text = TEMPLATE["call"].format(call.name, _arguments(call))
        yield _Piece(text, "step", step.index)


def _arguments(call: Call) -> str:
    if isinstance(call.arguments, str):
        return call.arguments
    return json.dumps(call.arguments, ensure_ascii=False) if call.arguments else ""


def _tokenised(pieces: Sequence[_Piece], tokenizer: Tokenizer) -> list[list[int]]:
    return tokenizer([_halves(piece)[0] for piece in pieces])


def _halves(piece: _Piece) -> tuple[str, int]:
    """The text, its middle gone if absurdly long, and the number of characters gone."""
    # a lone surrogate has no UTF-8 and would crash the tokenizer
    text = piece.text.encode(errors="replace").decode()
    half = TEMPLATE["budget"][piece.budget] * TEMPLATE["characters"] // 2
    gone = len(text) - 2 * half
    return (text, 0) if gone <= 0 else (text[:half] + text[-half:], gone)


def _append(
    stream: _Stream, piece: _Piece, ids: list[int], tokenizer: Tokenizer
) -> None:
    """Add a piece, keeping the first two thirds and the last third of its budget."""
    budget = TEMPLATE["budget"][piece.budget]
    dropped = _halves(piece)[1] // _CHARACTERS_PER_TOKEN
    if len(ids) > budget:
        dropped += len(ids) - budget
        ids = _cut(ids, tokenizer([TEMPLATE["left_out"]])[0], budget)
    if dropped:
        row = {"step": piece.step, "part": piece.budget, "dropped_tokens": dropped}
        stream.elided.append(row)
    if piece.step is None:
        stream.head += ids
        return
    tokens = stream.steps[piece.step]
    if piece.budget == "step" and stream.own[piece.step] is None:
        stream.own[piece.step] = len(tokens)
    tokens += ids


def _cut(tokens: list[T], marker: list[T], budget: int) -> list[T]:
    if len(tokens) <= budget:
        return tokens
    tail = budget // 3
    return tokens[: budget - tail] + marker + tokens[-tail:]


def _fitted(stream: _Stream, max_tokens: int) -> Encoded:
    windows, unscored = _Windows(), dict[str, str]()
    spans = list[tuple[int, int] | None]()
    room = max_tokens - len(stream.head)
    for t, own in enumerate(stream.own):
        fits = len(stream.steps[t]) <= room
        if own is not None and fits:
            _show(windows, stream, t, max_tokens)
            end = len(windows.token_ids)
            spans.append((end - len(stream.steps[t]) + own, end))
            continue
        spans.append(None)
        unscored[str(t)] = (
            "says and calls nothing"
            if own is None
            else f"doesn't fit beside the task into the context of {max_tokens} tokens"
        )
    encoded = Encoded(
        tuple(windows.token_ids), tuple(spans), starts=tuple(windows.starts)
    )
    if not (stream.elided or unscored or windows.rows):
        return encoded
    truncation = {
        "dropped_tokens": sum(row["dropped_tokens"] for row in stream.elided),
        "elided": stream.elided,
        "unscored": unscored,
        "windows": windows.rows,
    }
    return replace(encoded, truncation=truncation)


def _show(windows: _Windows, stream: _Stream, t: int, max_tokens: int) -> None:
    """Put step t, and those before it that aren't shown yet, into the last window, or
    into a new one where they don't fit."""
    held = len(windows.token_ids) - windows.starts[-1] or len(stream.head)
    first = windows.end
    if held + sum(map(len, stream.steps[first : t + 1])) > max_tokens:
        first = _first_shown(stream, t, max_tokens - len(stream.head))
        dropped = sum(map(len, stream.steps[:first]))
        row = {"from_step": t, "first_step_shown": first, "dropped_tokens": dropped}
        windows.rows.append(row)
        if windows.token_ids:
            windows.starts.append(len(windows.token_ids))
    if len(windows.token_ids) == windows.starts[-1]:
        windows.token_ids += stream.head
    for tokens in stream.steps[first : t + 1]:
        windows.token_ids += tokens
    windows.end = t + 1


def _first_shown(stream: _Stream, t: int, room: int) -> int:
    """The first of the whole steps before t that fill half the room, and leave enough
    of it for t: decided by what came before alone, as every score is."""
    left, first = min(room // 2, room - len(stream.steps[t])), t
    while first and len(stream.steps[first - 1]) <= left:
        first -= 1
        left -= len(stream.steps[first])
    return first
