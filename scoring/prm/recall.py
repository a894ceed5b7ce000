"""What was said of the steps of earlier requests, so that nothing is said twice.

A score hangs on the reward model and on all that was read up to its step. That is the
key: a hash over the texts themselves, which the tokens follow from. A growing episode,
re-sent whole, thus costs its new steps, and an unchanged one costs nothing.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scoring.prm import cues
from scoring.prm.backbone import Tokenizer
from scoring.prm.cues import Memory
from scoring.prm.incremental import Past, StepScore
from scoring.prm.lru import Lru
from scoring.schema import Episode, Step

SCORE_BYTES = 64 << 20
MEMORY_BYTES = 16 << 20  # what cues remember of whole runs
TOKEN_BYTES = 32 << 20
_SCORE = 2000  # bytes, roughly


@dataclass(frozen=True, slots=True)
class Key:
    """`read`: all that a step's score hangs on; `with_results`: and what its calls gave
    back, on which the next step's hangs."""

    read: str
    with_results: str


@dataclass(frozen=True, slots=True)
class Entry:
    """`score` of a step, None where it has none; `past` is what it leaves behind."""

    score: StepScore | None
    past: Past


class Recall:
    """Scores by key, the last ones used; for one thread at a time."""

    def __init__(self) -> None:
        self._entries = Lru[str, Entry](SCORE_BYTES)
        self._memories = Lru[str, Memory](MEMORY_BYTES)

    def known(self, keys: Sequence[Key]) -> list[Entry]:
        """The entries of a run's first steps, as many as are all there."""
        found = list[Entry]()
        for key in keys:
            entry = self._entries.get(key.read)
            if entry is None:
                break
            found.append(entry)
        # a step is of no use without those before it: they are to go last
        for key in reversed(keys[: len(found)]):
            self._entries.get(key.read)
        return found

    def add(self, key: Key, entry: Entry) -> None:
        self._entries.put(key.read, entry, entry.past.bytes + _SCORE)

    def cues(
        self, episode: Episode, keys: Sequence[Key], start: int
    ) -> list[tuple[float, ...]]:
        """The cues of the steps from `start` on. What a run has shown so far is handed
        on to the request that goes on with it, and made again for any other."""
        if start == len(keys):
            return []
        memory = self._memories.take(keys[start - 1].with_results) if start else None
        if memory is None:
            memory = cues.remember(episode)
            for step in episode.steps[:start]:
                cues.row(step, memory)
        rows = [cues.row(step, memory) for step in episode.steps[start:]]
        self._memories.put(keys[-1].with_results, memory, memory.bytes)
        return rows

    def clear(self) -> None:
        self._entries.clear()
        self._memories.clear()


class RememberedTokens:
    """A tokenizer that remembers texts: all but the newest were seen before."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._held = Lru[str, list[int]](TOKEN_BYTES)

    def __call__(self, texts: Sequence[str], /) -> list[list[int]]:
        held = {text: self._held.get(text) for text in texts}
        new = [text for text, ids in held.items() if ids is None]
        for text, ids in zip(new, self._tokenizer(new) if new else (), strict=True):
            held[text] = ids
            self._held.put(text, ids, 4 * len(text) + 8 * len(ids) + 200)
        return [held[text] or [] for text in texts]

    def offsets(self, text: str) -> list[tuple[int, int]]:
        return self._tokenizer.offsets(text)


def keys(episode: Episode, model: str) -> Iterator[Key]:
    """One key a step, of the scores of the model of this hash (which covers template,
    trunk and context)."""
    digest = hashlib.sha256()
    _feed(digest, [model, episode.task, episode.system])
    for step in episode.steps:
        _feed(digest, _said(step))
        read = digest.hexdigest()
        _feed(digest, [[call.result, call.is_error] for call in step.calls])
        yield Key(read, digest.hexdigest())


def _said(step: Step) -> list[object]:
    calls = [[call.name, call.arguments] for call in step.calls]
    own = [step.thought, step.text, calls]
    return [step.index, step.agent, step.observation, *own]


def _feed(digest: "hashlib._Hash", row: Sequence[object]) -> None:
    digest.update(json.dumps(row).encode())
