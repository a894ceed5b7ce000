"""A campaign of mutated files against every reader, the same for the same seed.

    .venv/bin/python -m tests.scoring.formats.fuzz [--inputs 1000000] [--seed 1]
        [--seconds 60] [--samples FOLDER]

Each input is a seed (a file of each format, an archive, an HDF5 file), changed one to
four times: bytes, tokens and lines move, a JSON value becomes another, two files are
spliced, the end is cut. One in four is read under the name of a format that may be
another's. Whatever comes of it has to be an episode that our own format takes, a row
error, or one of the library's own exceptions. Anything else ends the campaign, with the
name of a file that did it.
"""

import argparse
import gzip
import io
import json
import random
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py

from scoring.errors import ScoringError
from scoring.formats import FORMATS, RowError, open_file
from scoring.schema import Episode
from tests.scoring.formats.examples import TEXTS
from tests.scoring.formats.examples import VALUES as EXAMPLES
from tests.scoring.formats.packing import tarred, zipped

NAMES = [format.name for format in FORMATS]
KEYS = sorted({key for format in FORMATS for keys in format.needs for key in keys})
WORDS = [*KEYS, "role", "content", "name", "id", "arguments", "text", "type", "data"]
TOKENS = [
    *(b"null", b"[]", b"{}", b'""', b'"x"', b"-1", b"0", b"1e400", b"1e999999", b"NaN"),
    *(
        b"true",
        b'"\\ud800"',
        b'"\\u0000"',
        b"\n",
        b"\r\n",
        b"]",
        b"}",
        b"[",
        b"{",
        b",",
    ),
    *(b":", b'"', b"\\", b"\x00", b"\xff", b"\xef\xbb\xbf", b"Thought:", b"Action 1: "),
    *(b"Observation:", b"data:image/png;base64,AAAA", b"<think>", b"</think>", b"[[[["),
    *(b"<tool_call>{", b"2026-01-01T00:00:00Z", b"-----", b'{"a":' * 70, b"[" * 200),
    *(b"9" * 40, b"4294967296", b"//", b"/*", b"1e-320", b"Infinity", b"\x1b[31m"),
]
VALUES: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        -1,
        2**53,
        1e15,
        0.5,
        "",
        "x",
        [],
        {},
        [[]],
        [{}],
        {"": {}},
    ),
    *("2026-01-01T00:00:00Z", '{"a": 1}', "[1", "0", "\x00", "\ud800", ["a", "b"]),
    *({"text": "t"}, {"type": "text", "text": "t"}, {"role": "assistant"}, [None] * 3),
    *(
        {"name": "f", "arguments": "{"},
        {"id": 3},
        [1.5, None, "a"],
        "a" * 3000,
        -(2**70),
    ),
]
MAX_INPUT = 200_000


def seeds(samples: Path | None = None) -> list[bytes]:
    """A file of each format; containers of some; with `samples`, real ones, too."""
    files = {name: text.encode() for name, text in TEXTS.items()}
    real = [path for path in (samples.rglob("*") if samples else []) if path.is_file()]
    found = [path.read_bytes() for path in sorted(real)]
    return [
        *files.values(),
        *_containers(files),
        *_hdf5(),
        *(data for data in found if len(data) <= MAX_INPUT),
    ]


def _containers(files: Mapping[str, bytes]) -> Iterator[bytes]:
    """Archives, small ones, as each of their members is read; folders of runs."""
    some = {name: files[name] for name in ("atif", "react", "openai_chat")}
    yield from (zipped(some, way) for way in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    yield zipped({"events/Mine_1_log_20240101_000000": files["voyager"]}, 0)
    yield zipped({"header.json": b"{}", "samples/a_epoch_1.json": b"{}"}, 0)
    for version, name in (("", "openhands_v0"), ("event-", "openhands_v1")):
        events = {
            f"events/{version}{i}.json": json.dumps(event).encode()
            for i, event in enumerate(EXAMPLES[name])
        }
        yield zipped(events, 0)
    trial = {"agent/trajectory.json": files["atif"], "result.json": b'{"id": "t"}'}
    yield zipped(trial, 0)
    session = {"s.jsonl": b"{}", "s/subagents/agent-x.jsonl": files["claude_code"]}
    yield zipped(session, 0)
    pane = {"panes/post-agent.txt": files["terminal_pane"], "results.json": b"{}"}
    yield zipped(pane, 0)
    yield tarred(some)
    yield gzip.compress(tarred({"a.json": files["atif"]}), mtime=0)
    yield gzip.compress(files["openai_chat"], mtime=0)
    golden = Path(__file__).parent / "golden" / "inspect.eval"
    yield golden.read_bytes()


def _hdf5() -> Iterator[bytes]:
    for flat in (False, True):
        stream = io.BytesIO()
        with h5py.File(stream, "w") as file:
            group = file if flat else file.create_group("episode_0")
            group["observations"] = [[1.0], [2.0], [3.0]][: 2 if flat else 3]
            group["actions"], group["rewards"] = [0, 1], [0.5, 1.0]
            names = (
                ("terminals", "timeouts") if flat else ("terminations", "truncations")
            )
            for name in names:
                group[name] = [False, True]
        yield stream.getvalue()


def mutated(rng: random.Random, pool: Sequence[bytes]) -> bytes:
    data = rng.choice(pool)
    for _ in range(rng.randint(1, 4)):
        data = rng.choice(_MUTATORS)(rng, data, pool)[:MAX_INPUT]
    return data


def _flip(rng: random.Random, data: bytes, _pool: Sequence[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8) if data else 0):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _graft(rng: random.Random, data: bytes, _pool: Sequence[bytes]) -> bytes:
    at = rng.randint(0, len(data))
    end = min(len(data), at + rng.choice((0, 0, 1, 4, 30)))
    return data[:at] + rng.choice(TOKENS) + data[end:]


def _cut(rng: random.Random, data: bytes, _pool: Sequence[bytes]) -> bytes:
    return data[: rng.randint(0, len(data))]


def _drop(rng: random.Random, data: bytes, _pool: Sequence[bytes]) -> bytes:
    at, length = rng.randint(0, len(data)), rng.choice((1, 2, 10, 100))
    return data[:at] + data[at + length :]


def _repeat(rng: random.Random, data: bytes, _pool: Sequence[bytes]) -> bytes:
    at = rng.randint(0, len(data))
    piece = data[at : at + rng.choice((1, 10, 100, 1000))]
    return data[:at] + piece * rng.randint(2, 5) + data[at:]


def _splice(rng: random.Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    other = rng.choice(pool)
    return data[: rng.randint(0, len(data))] + other[rng.randint(0, len(other)) :]


def _follow(rng: random.Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    """Two files, one after the other, as lines."""
    return data.rstrip() + b"\n" + rng.choice(pool)


def _shuffle(rng: random.Random, data: bytes, _pool: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    rng.shuffle(lines)
    return b"\n".join(lines)


def _value(rng: random.Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    """A value of a JSON document becomes another, or one of another document's."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return _graft(rng, data, pool)
    for _ in range(rng.randint(1, 3)):
        node, slot = _place(rng, document)
        if node is not None:
            _change(rng, node, slot)
    if rng.random() < 0.1:
        document = rng.choice(([document], {"messages": document}, [document] * 2))
    return json.dumps(document).encode()


def _place(rng: random.Random, document: Any) -> tuple[Any, Any]:
    """A container inside the document and one of its slots; None for a leaf."""
    node, slot, inside = None, None, document
    while isinstance(inside, dict | list) and inside:
        node = inside
        slot = (
            rng.choice(list(node))
            if isinstance(node, dict)
            else rng.randrange(len(node))
        )
        inside = node[slot]
        if rng.random() < 0.3:
            break
    return node, slot


def _change(rng: random.Random, node: Any, slot: Any) -> None:
    way = rng.random()
    if way < 0.5:
        node[slot] = json.loads(json.dumps(rng.choice(VALUES)))
    elif way < 0.6:
        del node[slot]
    elif way < 0.7 and isinstance(node, list):
        node.insert(rng.randint(0, len(node)), node[slot])
    elif way < 0.8 and isinstance(node, dict):
        node[rng.choice(WORDS)] = node.pop(slot)
    elif way < 0.9:
        node[slot] = json.dumps(node[slot])
    else:
        node[slot] = rng.choice(([node[slot]], {rng.choice(WORDS): node[slot]}))


_Mutator = Callable[[random.Random, bytes, Sequence[bytes]], bytes]
# what stands here more often is done more often
_MUTATORS: tuple[_Mutator, ...] = (
    *(_value, _value, _value, _value, _value, _value),
    *(_flip, _graft, _graft, _cut, _drop, _repeat, _splice, _follow, _shuffle),
)


def survives(data: bytes, name: str | None = None) -> str:
    """Read it to the end; says what came of it. Only our own errors are expected."""
    try:
        reading = open_file(BytesIO(data), format=name)
        found = "nothing"
        for result in reading.episodes:
            assert isinstance(result, Episode | RowError)
            if isinstance(result, Episode):
                found = "episodes"
                assert Episode.from_dict(result.to_dict()) == result
    except ScoringError:
        return "refused"
    return found


def campaign(
    pool: Sequence[bytes], seed: int, inputs: int, seconds: float = float("inf")
) -> Counter[str]:
    """Read `inputs` mutated files, or as many as `seconds` allow; counts by outcome."""
    outcomes: Counter[str] = Counter()
    end = time.monotonic() + seconds
    for number in range(inputs):
        # by number, so that one input can be made again without those before it
        rng = random.Random(f"{seed}/{number}")
        data = mutated(rng, pool)
        name = rng.choice(NAMES) if rng.random() < 0.25 else None
        try:
            outcomes[survives(data, name)] += 1
        except Exception:
            kept = Path(tempfile.gettempdir()) / f"fuzz-{seed}-{number}"
            kept.write_bytes(data)
            sys.stderr.write(f"{kept}, read with format={name}\n")
            raise
        if time.monotonic() > end:
            break
    return outcomes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--samples", type=Path)
    chosen = parser.parse_args()
    start = time.monotonic()
    pool = seeds(chosen.samples)
    outcomes = campaign(pool, chosen.seed, chosen.inputs, chosen.seconds)
    total, taken = sum(outcomes.values()), time.monotonic() - start
    print(f"{total} inputs in {taken:.0f} s ({total / taken:.0f}/s): {dict(outcomes)}")


if __name__ == "__main__":
    main()
