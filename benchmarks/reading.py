"""How fast files come in on one core, and what memory that takes, by family of formats.

    .venv/bin/python -m benchmarks.reading [--json] [--tenth]

Each layout is read in a process of its own, at a tenth of its size and then whole: a
reader whose memory is flat adds next to nothing between the two. A log that is one run
is held whole, so its memory may grow up to the 64 MB that such a log may have. Beside
JSON Lines stands `json.loads` of each line, which checks nothing and makes no episodes.
`--tenth` reads a tenth of everything, for a machine that is busy.
`mb_per_cpu_s` is what a core alone would do; a busy machine shows in `mb_per_s`.
"""

import gzip
import json
import os
import random
import resource
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path

from scoring.formats import read
from scoring.schema import Episode

WORDS = ("the", "order", "was", "shipped", "and", "a", "refund", "asked", "for", "été")
STEPS = 12
OBSERVED = 100

Row = dict[str, float | str]
Write = Callable[[Path, int], None]


def words(rng: random.Random, count: int) -> str:
    return " ".join(rng.choices(WORDS, k=count))


def chat(rng: random.Random) -> str:
    messages = [{"role": "user", "content": words(rng, 300)}]
    for i in range(STEPS):
        function = {"name": "lookup", "arguments": json.dumps({"order": i})}
        call = {"id": f"c{i}", "type": "function", "function": function}
        said = {"role": "assistant", "content": words(rng, 40), "tool_calls": [call]}
        seen = {"role": "tool", "tool_call_id": f"c{i}", "content": words(rng, 200)}
        messages += [said, seen]
    return json.dumps({"messages": messages, "reward": rng.random()})


def react(rng: random.Random) -> str:
    steps = (
        f"Thought {i}: {words(rng, 40)}\nAction {i}: Search[{words(rng, 3)}]\n"
        f"Observation {i}: {words(rng, 200)}\n"
        for i in range(1, STEPS + 1)
    )
    return f"Question: {words(rng, 60)}\n{''.join(steps)}Correct answer: yes\n"


def otlp(rng: random.Random) -> str:
    """One export request: a trace of an agent, its model calls and tools."""
    trace = f"{rng.getrandbits(128):032x}"
    root = f"{rng.getrandbits(64):016x}"
    spans = [_span(trace, root, "", {"gen_ai.operation.name": "invoke_agent"}, 0)]
    for i in range(STEPS):
        said = [{"role": "assistant", "parts": [_part(words(rng, 40))]}]
        heard = [{"role": "user", "parts": [_part(words(rng, 200))]}]
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": json.dumps(heard),
            "gen_ai.output.messages": json.dumps(said),
        }
        one = f"{rng.getrandbits(64):016x}"
        spans.append(_span(trace, one, root, attributes, i + 1))
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})


def _part(text: str) -> dict[str, str]:
    return {"type": "text", "content": text}


def _span(
    trace: str, span: str, parent: str, attributes: dict[str, str], at: int
) -> dict[str, object]:
    listed = [{"key": k, "value": {"stringValue": v}} for k, v in attributes.items()]
    return {
        "traceId": trace,
        "spanId": span,
        "parentSpanId": parent,
        "name": attributes["gen_ai.operation.name"],
        "startTimeUnixNano": str(10**18 + at * 10**9),
        "endTimeUnixNano": str(10**18 + at * 10**9 + 5),
        "attributes": listed,
    }


def session(rng: random.Random) -> str:
    """Two lines of a coding agent's log, all of which is one run."""
    said = {"role": "assistant", "content": [_text(words(rng, 40))]}
    seen = {"role": "user", "content": [_text(words(rng, 200))]}
    common = {"sessionId": "s", "cwd": "/", "version": "2"}
    lines = [
        {
            **common,
            "type": one["role"],
            "uuid": f"{rng.getrandbits(64)}",
            "message": one,
        }
        for one in (said, seen)
    ]
    return "\n".join(map(json.dumps, lines))


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def records(make: Callable[[random.Random], str], glue: str = "\n") -> Write:
    """Of a file of records, the same fifty over and over."""

    def write(path: Path, size: int) -> None:
        pool = [make(random.Random(seed)) for seed in range(50)]
        opened, closed = ("[", pool[0] + "]") if glue == "," else ("", "")
        with path.open("w") as file:
            file.write(opened)
            while file.tell() < size:
                file.writelines(text + glue for text in pool)
            file.write(closed)

    return write


def zipped(path: Path, size: int) -> None:
    """Many members, as a job leaves one a trial; `size` is theirs, unpacked."""
    member = "\n".join(chat(random.Random(seed)) for seed in range(50))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(size // len(member)):
            archive.writestr(f"trial-{i}/runs.jsonl", _salted(member, i))


def tarred(path: Path, size: int) -> None:
    member = "\n".join(chat(random.Random(seed)) for seed in range(50))
    with tarfile.open(path, "w:gz") as archive:
        for i in range(size // len(member)):
            data = _salted(member, i).encode()
            info = tarfile.TarInfo(f"trial-{i}/runs.jsonl")
            info.size = len(data)
            archive.addfile(info, BytesIO(data))


def _salted(text: str, i: int) -> str:
    """Text that doesn't pack better than real text does."""
    rng = random.Random(i)
    return text.replace("refund", f"{rng.getrandbits(60):015x}")


def packed(path: Path, size: int) -> None:
    with gzip.open(path, "wt") as file:
        for i in range(size // 700_000):
            file.write(_salted("\n".join(chat(random.Random(s)) for s in range(50)), i))
            file.write("\n")


def minari(path: Path, size: int) -> None:
    import h5py
    import numpy as np

    rng = np.random.default_rng(0)
    length = 200
    with h5py.File(path, "w") as file:
        for i in range(max(1, size // (length * OBSERVED * 8))):
            group = file.create_group(f"episode_{i}")
            group["observations"] = rng.random((length + 1, OBSERVED))
            group["actions"] = rng.random((length, 4))
            group["rewards"] = rng.random(length)
            group["terminations"] = [False] * (length - 1) + [True]
            group["truncations"] = [False] * length


# name -> (how it is written, megabytes)
LAYOUTS: dict[str, tuple[Write, int]] = {
    "JSON Lines": (records(chat), 200),
    "JSON list": (records(chat, ","), 200),
    "ReAct text": (records(react, ""), 200),
    "OTLP/JSON": (records(otlp), 50),
    "session log": (records(session), 50),
    "zip": (zipped, 200),
    "tar.gz": (tarred, 200),
    "gzip": (packed, 100),
    "HDF5": (minari, 50),
}


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def consume(path: Path) -> int:
    with path.open("rb") as stream:
        found = sum(isinstance(result, Episode) for result in read(stream))
    assert found, f"nothing was read of {path.name}"
    return found


def parse(path: Path) -> None:
    with path.open() as lines:
        for line in lines:
            json.loads(line)


def timed(work: Callable[[Path], object], path: Path) -> tuple[float, float]:
    """Seconds, and seconds of processor."""
    start, cpu = time.perf_counter(), time.process_time()
    work(path)
    return time.perf_counter() - start, time.process_time() - cpu


def measure(name: str, megabytes: float, small: Path, large: Path) -> Row:
    """In a process that has done nothing else."""
    consume(small)
    before = peak()
    taken, cpu = timed(consume, large)
    row: Row = {
        "layout": name,
        "mb": megabytes,
        "mb_per_s": megabytes / taken,
        "mb_per_cpu_s": megabytes / cpu,
        "peak_mb": peak(),
        "more_memory_mb": peak() - before,
        "load": os.getloadavg()[0],
    }
    if name == "JSON Lines":
        row["json_loads_mb_per_cpu_s"] = megabytes / timed(parse, large)[1]
    return row


def rows(folder: Path, share: float) -> Iterator[Row]:
    for name, (write, megabytes) in LAYOUTS.items():
        small, large = folder / "small", folder / "large"
        size = megabytes * share
        write(small, int(size * 100_000))
        write(large, int(size * 1_000_000))
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            yield alone.submit(measure, name, size, small, large).result()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for row in rows(Path(folder), 0.1 if "--tenth" in sys.argv else 1.0):
            if "--json" in sys.argv:
                print(json.dumps(row))
                continue
            numbers = (f"{k} {v:.1f}" for k, v in row.items() if isinstance(v, float))
            print(f"reading {row['layout']}: {', '.join(numbers)}", flush=True)


if __name__ == "__main__":
    main()
