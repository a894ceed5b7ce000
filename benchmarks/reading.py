"""How fast files come in on one core, and what memory that takes.

    .venv/bin/python -m benchmarks.reading [--json]

Each layout is read once at MEGABYTES and once at a tenth of it: a reader whose memory
is flat adds next to nothing between the two. Beside it stands `json.loads` of each
line, which checks nothing and makes no episodes.
"""

import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from scoring.formats import read

MEGABYTES = 200
WORDS = ("the", "order", "was", "shipped", "and", "a", "refund", "asked", "for", "été")


def words(rng: random.Random, count: int) -> str:
    return " ".join(rng.choices(WORDS, k=count))


def chat(rng: random.Random) -> str:
    messages = [{"role": "user", "content": words(rng, 300)}]
    for i in range(12):
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
        for i in range(1, 13)
    )
    return f"Question: {words(rng, 60)}\n{''.join(steps)}Correct answer: yes\n"


def write(
    path: Path, record: Callable[[random.Random], str], glue: str, to: int
) -> None:
    pool = [record(random.Random(seed)) for seed in range(50)]
    opened, closed = ("[", pool[0] + "]") if glue == "," else ("", "")
    with path.open("w") as file:
        file.write(opened)
        while file.tell() < to:
            file.writelines(text + glue for text in pool)
        file.write(closed)


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def consume(path: Path) -> None:
    with path.open("rb") as stream:
        for _ in read(stream):
            pass


def parse(path: Path) -> None:
    with path.open() as lines:
        for line in lines:
            json.loads(line)


def rows(folder: Path) -> Iterator[dict[str, float | str]]:
    layouts = {
        "JSON Lines": (chat, "\n"),
        "JSON list": (chat, ","),
        "ReAct": (react, ""),
    }
    for name, (record, glue) in layouts.items():
        small, large = folder / "small", folder / "large"
        for path, size in ((small, MEGABYTES // 10), (large, MEGABYTES)):
            write(path, record, glue, size * 1_000_000)
        consume(small)
        before = peak()
        taken = seconds(lambda path=large: consume(path))
        row: dict[str, float | str] = {"layout": name, "mb_per_s": MEGABYTES / taken}
        row["more_memory_mb"] = peak() - before
        if glue == "\n":
            row["json_loads_mb_per_s"] = MEGABYTES / seconds(lambda p=large: parse(p))
        yield row


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for row in rows(Path(folder)):
            if "--json" in sys.argv:
                print(json.dumps(row))
                continue
            numbers = (f"{k} {v:.1f}" for k, v in row.items() if isinstance(v, float))
            print(f"reading {row['layout']}: {', '.join(numbers)}")


if __name__ == "__main__":
    main()
