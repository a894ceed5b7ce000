"""Checkpoints that a kill, a full disk or a bad sector can't turn into a torn model.

One folder a checkpoint: tensors, then a state as JSON, then a manifest with the SHA-256
of both, everything synced under a temporary name and renamed into place. What doesn't
add up is never loaded; the one before it is.
"""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load, save
from torch import Tensor

from scoring.errors import StorageFull

_FILES = ("tensors.safetensors", "state.json")
ROOM = 3  # free space asked for, in checkpoints


class Checkpoints:
    """The last `keep` checkpoints of one training, under one folder."""

    def __init__(self, directory: Path, keep: int) -> None:
        self._directory = directory
        self._keep = keep
        directory.mkdir(parents=True, exist_ok=True)
        for leftover in directory.glob(".saving-*"):
            shutil.rmtree(leftover, ignore_errors=True)

    def save(
        self, step: int, tensors: Mapping[str, Tensor], state: Mapping[str, Any]
    ) -> None:
        """Write checkpoint `step` and drop the oldest; all or nothing.

        Raises:
            StorageFull: too little room; what was saved before is still there.
        """
        self._ask_for_room(tensors)
        temporary = Path(tempfile.mkdtemp(prefix=".saving-", dir=self._directory))
        try:
            _write(temporary, tensors, state)
            target = self._directory / f"step-{step:09d}"
            # one of the same step was refused by `latest`, or it would not be repeated
            shutil.rmtree(target, ignore_errors=True)
            temporary.rename(target)
            _sync(self._directory)
        except OSError as error:
            raise StorageFull.of(error, self._directory) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        for old in self._folders()[: -self._keep]:
            shutil.rmtree(old, ignore_errors=True)

    def latest(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """The newest checkpoint that is what its manifest says: (tensors, state)."""
        for folder in reversed(self._folders()):
            with contextlib.suppress(OSError, ValueError, KeyError):
                return _read(folder)
        return None

    def _folders(self) -> list[Path]:
        return sorted(self._directory.glob("step-*"))

    def _ask_for_room(self, tensors: Mapping[str, Tensor]) -> None:
        needed = ROOM * sum(t.numel() * t.element_size() for t in tensors.values())
        free = shutil.disk_usage(self._directory).free
        if free < needed:
            raise StorageFull(
                f"a checkpoint needs {needed >> 20} MB of free disk, there are "
                f"{free >> 20} MB: make room and start the training again, it goes on "
                "where it was"
            )


def _write(
    folder: Path, tensors: Mapping[str, Tensor], state: Mapping[str, Any]
) -> None:
    contents = {
        "tensors.safetensors": save(dict(tensors)),
        "state.json": json.dumps(state).encode(),
    }
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    contents["manifest.json"] = json.dumps(hashes).encode()
    for name, data in contents.items():
        with (folder / name).open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    _sync(folder)


def _read(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    hashes = json.loads((folder / "manifest.json").read_text())
    contents = {name: (folder / name).read_bytes() for name in _FILES}
    for name, data in contents.items():
        if hashlib.sha256(data).hexdigest() != hashes[name]:
            raise ValueError(f"{folder.name}/{name} is torn")
    state: dict[str, Any] = json.loads(contents["state.json"])
    return load(contents["tensors.safetensors"]), state


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
