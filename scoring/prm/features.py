"""Hidden states of every step's own tokens, cached on disk.

A step's states depend on the trunk and on the tokens up to its end, so they are keyed
by both: a new label, a growing episode or another run over shared prefixes recomputes
nothing. Shards are safetensors files written whole and renamed into place: whatever a
killed training has written is reused, and two trainings may share a folder.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from scoring.prm.backbone import Trunk
from scoring.prm.device import CPU
from scoring.prm.encode import Encoded
from scoring.prm.paged import PACK
from scoring.prm.runs import Run

SHARD_TOKENS = 20_000  # about ten seconds of work is the most a crash can lose


class FeatureStore:
    """Tensors by key under one folder; unreadable shards are ignored and rewritten."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._shard_of: dict[str, Path] = {}
        directory.mkdir(parents=True, exist_ok=True)
        for path in sorted(directory.glob("*.safetensors")):
            self._index(path)

    def __contains__(self, key: str) -> bool:
        return key in self._shard_of

    def read(self, keys: Sequence[str]) -> Iterator[Tensor]:
        """The tensors of `keys`, in order; a shard stays open for consecutive keys."""
        for path, of_shard in groupby(keys, key=self._shard_of.__getitem__):
            with safe_open(path, framework="pt") as shard:
                for key in of_shard:
                    yield shard.get_tensor(key)

    def write(self, tensors: Mapping[str, Tensor]) -> None:
        """Add one shard, atomically, named by its keys."""
        if not tensors:
            return
        name = hashlib.sha256("".join(sorted(tensors)).encode()).hexdigest()[:32]
        path = self._directory / f"{name}.safetensors"
        handle, temporary = tempfile.mkstemp(dir=self._directory, suffix=".tmp")
        os.close(handle)
        try:
            save_file(dict(tensors), temporary)
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)
        self._shard_of.update(dict.fromkeys(tensors, path))

    def _index(self, path: Path) -> None:
        try:
            with safe_open(path, framework="pt") as shard:
                self._shard_of.update(dict.fromkeys(shard.keys(), path))
        except SafetensorError:
            # half a disk's worth of a shard: its steps are simply encoded again
            path.unlink(missing_ok=True)


def keys(encoded: Encoded, trunk: Trunk) -> list[str | None]:
    """For each step, the key of its states; None where the step wasn't encoded."""
    return [
        prefix and hashlib.sha256(f"{trunk.sha256}{prefix}".encode()).hexdigest()
        for prefix in encoded.prefix_hashes()
    ]


def extract(
    encoded: Sequence[Encoded],
    trunk: Trunk,
    store: FeatureStore,
    report: Callable[[int], None],
) -> None:
    """Put the states of every episode's steps into `store`, skipping what is there.

    `report` gets the number of tokens done so far, whether computed or found.
    """
    shard: dict[str, Tensor] = {}
    held = done = 0
    for batch in _batches(encoded, 0 if trunk.device == CPU else PACK):
        wanted = [keys(window, trunk) for window in batch]
        new = [
            (window, names)
            for window, names in zip(batch, wanted, strict=True)
            if any(key and key not in store and key not in shard for key in names)
        ]
        readings = trunk.read([Run(window.token_ids) for window, _ in new])
        for (window, names), reading in zip(new, readings, strict=True):
            for key, span in zip(names, window.spans, strict=True):
                if key and span and key not in store:
                    shard[key] = reading.states[slice(*span)].clone()
            held += len(window.token_ids)
        done += sum(len(window.token_ids) for window in batch)
        if held >= SHARD_TOKENS:
            store.write(shard)
            shard, held = {}, 0
        report(done)
    store.write(shard)


def _batches(encoded: Sequence[Encoded], tokens: int) -> Iterator[list[Encoded]]:
    """The windows of all episodes in their order, those together that a device reads at
    once: a GPU a pack, a CPU each alone, since a report a window is soon enough."""
    batch, held = list[Encoded](), 0
    for window in (part for episode in encoded for part in episode.windows()):
        batch.append(window)
        held += len(window.token_ids)
        if held >= tokens:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch
