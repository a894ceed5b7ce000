"""Gymnasium runs in HDF5: Minari's `main_data.hdf5` and D4RL's flat arrays.

The arrays are read slice by slice. A file may only hold its own data: links and data
sets that lead to other files are refused, since whoever opens them reads those files.
"""

import json
from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, BinaryIO

from scoring.errors import InvalidEpisode, InvalidInput, UnreadableFile
from scoring.formats import fields
from scoring.formats.conversation import NO_TASK, Conversation
from scoring.formats.format import Format, RowError
from scoring.formats.reading import Reading, of_value, warned
from scoring.schema import MAX_STEPS, Call, Episode

MAGIC = b"\x89HDF\r\n\x1a\n"
SLICE = 500
# of one observation; larger ones, as images are, come in by their shape
MAX_NUMBERS = 2000
MAX_CHUNK = 256 << 20
MAX_LENGTH = 10_000_000
_MAX_DEPTH = 8
_OBSERVED, _DONE, _CUT = (
    "observations",
    ("terminations", "terminals"),
    ("truncations", "timeouts"),
)
_BROKEN = (
    OSError,
    RuntimeError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
)


def is_hdf5(stream: BinaryIO) -> bool:
    """Whether a stream that can go back begins like HDF5; it stays where it was."""
    if not stream.seekable():
        return False
    start = stream.tell()
    head = stream.read(len(MAGIC))
    stream.seek(start)
    return head == MAGIC


def open_hdf5(stream: BinaryIO) -> Reading:
    return Reading(MINARI, warned(of_value(MINARI, stream, None, cut=False)))


def read(stream: BinaryIO) -> Iterator[Episode | RowError]:
    # the one reader that needs this library, which is heavy to load
    import h5py

    try:
        with h5py.File(stream, "r") as file:
            groups = sorted(file, key=lambda name: (len(name), name))
            names = [name for name in groups if name.startswith("episode")]
            runs = ((name, 0, None) for name in names) if names else _runs(file)
            for name, start, end in runs:
                try:
                    yield _episode(
                        _own(file, name) if names else file, name, start, end
                    )
                except InvalidInput as error:
                    yield RowError(None, error.detail, pointer=f"/{name}")
    except _BROKEN as error:
        detail = f"a broken HDF5 file: {str(error)[:200]}"
        raise UnreadableFile(detail) from None


def _runs(file: Any) -> Iterator[tuple[str, int, int | None]]:
    """Runs one after the other, each up to a terminal state or a timeout."""
    length = _length(file)
    flags = [_own(file, name)[:length] for name in (_DONE[1], _CUT[1]) if name in file]
    start = 0
    for end in range(1, length + 1):
        if end == length or any(flag[end - 1] for flag in flags):
            yield f"{start}-{end}", start, end
            start = end


def _length(group: Any) -> int:
    length = len(_own(group, "rewards" if "rewards" in group else "actions"))
    if length > MAX_LENGTH:
        raise InvalidEpisode(f"{length} steps in one file (at most {MAX_LENGTH})")
    return length


def _episode(group: Any, name: str, start: int, end: int | None) -> Episode:
    whole = end is None
    end = _length(group) if end is None else end
    if end - start > MAX_STEPS:
        raise InvalidEpisode(f"{end - start} steps (at most {MAX_STEPS})")
    talk = Conversation(task=NO_TASK)
    for at in range(start, end, SLICE):
        stop = min(at + SLICE, end)
        seen, acts = (_texts(group, key, at, stop) for key in (_OBSERVED, "actions"))
        rewards = _numbers(group, "rewards", at, stop)
        for i, act in enumerate(acts):
            talk.event(seen[i] if i < len(seen) else "")
            reward = rewards[i] if i < len(rewards) else None
            call = Call("act", fields.parsed(act))
            talk.step("", "", [call], reward=reward, raw_ref=f"/{name}/{at + i}")
    if whole:
        # the state after the last action
        talk.event("".join(_texts(group, _OBSERVED, end, end + 1)))
    done, cut = (any(_flag(group, key, end) for key in keys) for keys in (_DONE, _CUT))
    talk.ended = "truncated" if cut and not done else "terminated"
    columns = {key: _attribute(value) for key, value in group.attrs.items()}
    return talk.episode(id=name, columns=columns)


def _own(group: Any, name: str) -> Any:
    """A member that is in this file itself."""
    import h5py

    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise InvalidEpisode(f"{name[:80]!r} is missing, or a link to something else")
    node = group[name]
    if isinstance(node, h5py.Datatype):
        raise InvalidEpisode(f"{name[:80]!r} is a type and holds no data")
    if isinstance(node, h5py.Dataset):
        if node.external or node.is_virtual:
            raise InvalidEpisode(f"{name[:80]!r} keeps its data in another file")
        if node.chunks and prod(node.chunks) * node.dtype.itemsize > MAX_CHUNK:
            raise InvalidEpisode(f"{name[:80]!r} has chunks larger than 256 MB")
    return node


def _texts(group: Any, name: str, start: int, stop: int) -> list[str]:
    if name not in group:
        return [""] * (stop - start)
    values = _values(_own(group, name), start, stop)
    return [json.dumps(_plain(value), default=_plain) for value in values]


def _values(node: Any, start: int, stop: int, depth: int = _MAX_DEPTH) -> Sequence[Any]:
    """The rows of an array; of a group (a Dict or Tuple space), its members' rows."""
    if hasattr(node, "keys"):
        if depth == 0:
            raise InvalidEpisode(f"nested deeper than {_MAX_DEPTH} groups")
        names = list(node)
        rows = [_values(_own(node, name), start, stop, depth - 1) for name in names]
        return [dict(zip(names, row, strict=True)) for row in zip(*rows, strict=False)]
    if prod(node.shape[1:]) > MAX_NUMBERS:
        count = max(0, min(stop, len(node)) - start)
        return [f"[array {node.shape[1:]} of {node.dtype}]"] * count
    return list(node[start:stop].tolist())


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").replace("\0", "\ufffd")
    plain = value.tolist() if hasattr(value, "tolist") else value
    known = isinstance(plain, str | int | float | list | dict | tuple)
    return plain if known else str(plain)


def _attribute(value: Any) -> Any:
    """A number or text as it is, anything else as text."""
    plain = _plain(value)
    is_number = fields.number(plain) is not None or isinstance(plain, bool)
    return plain if is_number else fields.text(plain)


def _numbers(group: Any, name: str, start: int, stop: int) -> list[float | None]:
    if name not in group:
        return []
    return [fields.number(value) for value in _values(_own(group, name), start, stop)]


def _flag(group: Any, name: str, end: int) -> bool:
    return name in group and bool(_own(group, name)[end - 1])


# It reads bytes, which hold no records: `open_hdf5` finds it, not the registry.
MINARI = Format("minari", "Minari and D4RL data", needs=(frozenset(),), read=read)
