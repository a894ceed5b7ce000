"""Every benchmark in one go, and one table of what they found: `make bench`.

    python -m benchmarks.suite [--out FOLDER] [--skip PART…] [--llama-cpp PYTHON]

Each part is a command of its own, sized so that all of them fit into a quarter of an
hour on two cores; run alone they are larger. What they print is passed on, the table
comes last, with the machine above it. FOLDER (default: `bench` in the data directory)
gets the table as JSON and the plots as SVG.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import table
from benchmarks.table import Row

Found = Sequence[Mapping[str, Any]]  # the JSON documents of a part


def _given(found: Found) -> Iterator[Row]:
    return (Row.from_dict(row) for row in found[0]["rows"])


def _combined(found: Found) -> Iterator[Row]:
    rate = found[0]["core_steps_per_s"]
    yield table.alone("rewards.combine, one core (steps/s)", [rate], "≥ 1e6")


def _read(found: Found) -> Iterator[Row]:
    for row in found:
        bar = "≥ 20" if row["layout"] == "JSON Lines" else ""
        what = f"reading {row['layout']} (MB a CPU second)"
        yield table.alone(what, [row["mb_per_cpu_s"]], bar)


def _imported(found: Found) -> Iterator[Row]:
    what = f"200k steps into {found[0]['database']} (s)"
    yield table.alone(what, [found[0]["seconds"]], "≤ 60")


def _served(found: Found) -> Iterator[Row]:
    """Lists of numbers by name, a bar in brackets in the name."""
    for name, values in found[0].items():
        if isinstance(values, list) and values and isinstance(values[0], float | int):
            what, _, bar = name.partition(" (bar: ")
            yield table.alone(what, values, bar.rstrip(")"))


def _loaded(found: Found) -> Iterator[Row]:
    for part in ("steady", "overload", "chaos"):
        for name in ("goodput", "p50", "p95", "kept", "hung", "wrong"):
            value = found[0].get(part, {}).get(name)
            if value is not None:
                yield table.alone(
                    f"load, {part}: {name}", [float(value)], BARS.get(name, "")
                )


BARS = {"kept": "≥ 0.8", "hung": "0", "wrong": "0"}


@dataclass(frozen=True, slots=True)
class Part:
    """`rows` makes those of the table out of a part's JSON, which goes to standard
    output, or into a file where `file` is set."""

    name: str
    arguments: Sequence[str]
    rows: Callable[[Found], Iterator[Row]]
    file: bool = False


PARTS = (
    Part("combine", ["--json"], _combined),
    Part("reading", ["--json", "--tenth"], _read),
    Part("importing", ["--json"], _imported),
    Part("peers", ["--plots", "{out}"], _given, file=True),
    Part("serving", ["--requests", "200"], _served, file=True),
    Part("load", ["--seconds", "20", "--plots", "{out}"], _loaded, file=True),
)


def main() -> None:
    options = _parser().parse_args()
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    machine, rows, spent = table.machine(), list[Row](), dict[str, float]()
    for part in PARTS:
        if part.name in options.skip:
            continue
        started = time.monotonic()
        extra = ["--llama-cpp", options.llama_cpp] if options.llama_cpp else []
        rows += _run(part, out, extra if part.name == "peers" else [])
        spent[part.name] = round(time.monotonic() - started, 1)
    print(f"\n{machine}\n{table.HEAD}", *rows, sep="\n")
    print("seconds:", ", ".join(f"{name} {took:.0f}" for name, took in spent.items()))
    document = {
        "machine": machine,
        "seconds": spent,
        "rows": [r.to_dict() for r in rows],
    }
    (out / "bench.json").write_text(json.dumps(document, indent=1))


def _run(part: Part, out: Path, extra: Sequence[str]) -> list[Row]:
    """One part's rows; a part that fails says so and has none."""
    answer = out / f"{part.name}.json"
    answer.unlink(missing_ok=True)
    arguments = [text.format(out=out) for text in part.arguments]
    into = ["--json", str(answer)] if part.file else []
    command = [
        sys.executable,
        "-m",
        f"benchmarks.{part.name}",
        *arguments,
        *into,
        *extra,
    ]
    print(f"\n== {part.name}", flush=True)
    quiet = not part.file
    done = subprocess.run(
        command, stdout=subprocess.PIPE if quiet else None, text=True, check=False
    )
    if done.returncode:
        print(f"{part.name} failed: {done.returncode}")
        return []
    lines = done.stdout.splitlines() if quiet else [_text(answer)]
    found = [json.loads(line) for line in lines if line.startswith("{")]
    rows = list(part.rows(found)) if found else []
    if quiet:
        print(*rows, sep="\n", flush=True)
    return rows


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _parser() -> argparse.ArgumentParser:
    data = Path(os.environ.get("PACENOTE_DATA", "var"))
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=data / "bench")
    parser.add_argument("--skip", nargs="+", default=[])
    parser.add_argument("--llama-cpp", metavar="PYTHON")
    return parser


if __name__ == "__main__":
    main()
