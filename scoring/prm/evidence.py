"""Where in an episode the words stand that made a head say what it says."""

import json
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

from scoring.prm.backbone import Tokenizer
from scoring.prm.encode import TEMPLATE, Place, places
from scoring.rewards.evidence import Passage, written
from scoring.schema import Call, Episode, Step

Span = tuple[str, int, int]
# a step and the tokens of its own that stand out, from and to
Locate = Callable[[int, int, int], Span | None]


def locator(episode: Episode, tokenizer: Tokenizer) -> Locate:
    """Finds the text behind tokens of a step: its pointer and its characters."""
    return partial(_located, episode, tokenizer)


def loudest(contributions: Tensor) -> tuple[int, int]:
    """The run of tokens, from and to, whose contributions [L] stand out most, in all,
    above the step's mean (Kadane's maximal sum); at least one token."""
    above = contributions - contributions.mean()
    sums = torch.cat([above.new_zeros(1), above.cumsum(0)])
    lowest, place = sums[:-1].cummin(0)
    end = int((sums[1:] - lowest).argmax())
    return int(place[end]), end + 1


def _located(
    episode: Episode, tokenizer: Tokenizer, step: int, start: int, end: int
) -> Span | None:
    own = episode.steps[step]
    chosen = [place for place in places(own, tokenizer)[start:end] if place]
    if not chosen:
        return None
    piece = chosen[0][0]
    ends = [to for number, _, to in chosen if number == piece]
    return _in_text(own, (piece, chosen[0][1], ends[-1]))


def _in_text(step: Step, place: Place) -> Span | None:
    """From characters of a piece of the template to those of the episode's own text."""
    piece, start, end = place
    prose = [name for name in ("thought", "text") if getattr(step, name)]
    if piece < len(prose):
        name = prose[piece]
        before = TEMPLATE[name].index("{}")
        pointer, length = f"/steps/{step.index}/{name}", len(getattr(step, name))
    else:
        number = piece - len(prose)
        call = step.calls[number]
        before = len(f"Call {call.name}(")
        if not isinstance(call.arguments, str):
            return _in_arguments(step, call, start - before, end - before)
        pointer = f"/steps/{step.index}/calls/{number}/arguments"
        length = len(call.arguments)
    start, end = (min(max(at - before, 0), length) for at in (start, end))
    return (pointer, start, end) if start < end else None


def _in_arguments(step: Step, call: Call, start: int, end: int) -> Span | None:
    """The text among a call's arguments that most of the span falls on."""
    [passages] = [texts for other, texts in written(step) if other is call]
    found = _overlaps(passages, call, start, end)
    return max(found, key=lambda span: span[2] - span[1], default=None)


def _overlaps(
    passages: Sequence[Passage], call: Call, start: int, end: int
) -> list[Span]:
    document = json.dumps(call.arguments, ensure_ascii=False)
    found, cursor = list[Span](), 0
    for passage in passages:
        quoted = json.dumps(passage.text, ensure_ascii=False)
        at = document.index(quoted, cursor)
        while document[at + len(quoted) :].startswith(":"):  # a key of that name
            at = document.index(quoted, at + 1)
        cursor, at = at + len(quoted), at + 1
        escaped = quoted[1:-1]
        first, last = max(start, at) - at, min(end, cursor - 1) - at
        if first < last:
            # characters of an escaped text are not those of the text
            exact = escaped == passage.text
            span = (first, last) if exact else (0, len(passage.text))
            found.append((passage.pointer, *span))
    return found
