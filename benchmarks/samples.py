"""What comes of real files: every file of a folder of samples through the public door.

    .venv/bin/python -m benchmarks.samples [FOLDER] [--json] [--files]

FOLDER (`../shared/samples` unless named) has a folder for each format. A row tells of
each: how many files there are, how many give episodes, how many hold none and are named
(`named`), how many are refused as dangerous or binary (`refused`); episodes, steps,
warnings, and rows that could not be read. Below stand, by name, the files that nobody
knows or that broke. Folders in which one run is spread over many files are read once
more, each as a zip.
"""

import json
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from scoring.errors import NoTrajectory, ScoringError, UnknownFormat
from scoring.formats import RowError, open_file
from scoring.schema import Episode

SAMPLES = Path(__file__).resolve().parents[2] / "shared" / "samples"
# what is known of a file that holds nothing to label, in the words of its reader
NO_EPISODE = ("no step inside", "no episode inside", "no task inside", "one event of")
NO_EPISODE += ("no call of a model or a tool inside",)
# a folder in which one of these lies is one run, or one job of runs
MARKS = (
    "curriculum",
    "events",
    "storage_v2",
    "storage_legacy",
    "harbor_job",
    "subagent",
)


@dataclass(slots=True)
class Outcome:
    """What came of one file."""

    verdict: str
    detail: str = ""
    episodes: list[Episode] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)

    @property
    def steps(self) -> int:
        return sum(len(episode.steps) for episode in self.episodes)

    @property
    def warnings(self) -> int:
        return sum(len(episode.meta.get("warnings", ())) for episode in self.episodes)


def outcome(stream: BinaryIO) -> Outcome:
    try:
        reading = open_file(stream)
        results = list(reading.episodes)
    except NoTrajectory as refusal:
        return Outcome("named", str(refusal))
    except UnknownFormat as refusal:
        return Outcome("unknown", str(refusal))
    except ScoringError as refusal:
        return Outcome("refused", str(refusal))
    episodes = [result for result in results if isinstance(result, Episode)]
    errors = [result for result in results if isinstance(result, RowError)]
    details = " | ".join(dict.fromkeys(error.detail for error in errors))
    if episodes:
        return Outcome("read", reading.format.name, episodes, errors)
    empty = all(any(words in e.detail for words in NO_EPISODE) for e in errors)
    verdict = "named" if empty else "broken"
    return Outcome(verdict, f"{reading.format.name}: {details}", errors=errors)


def outcomes(samples: Path) -> Iterator[tuple[str, Outcome]]:
    files = sorted(path for path in samples.glob("*/**/*") if path.is_file())
    for path in files:
        if "LICENSES" not in path.parts:
            with path.open("rb") as stream:
                yield str(path.relative_to(samples)), outcome(stream)


def folders(samples: Path) -> Iterator[tuple[str, Outcome]]:
    """Folders of runs, each read as a zip of all that is in it."""
    marked = {p for mark in MARKS for p in samples.glob(f"*/**/{mark}") if p.is_dir()}
    roots = {path.parent if path.name in MARKS[:2] else path for path in marked}
    for root in sorted(roots):
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(p for p in root.rglob("*") if p.is_file()):
                archive.write(path, path.relative_to(root))
        packed.seek(0)
        yield f"{root.relative_to(samples)}/", outcome(packed)


def rows(found: list[tuple[str, Outcome]]) -> Iterator[dict[str, str | int]]:
    for folder in sorted({name.partition("/")[0] for name, _ in found}):
        own = [one for name, one in found if name.partition("/")[0] == folder]
        verdicts = Counter(one.verdict for one in own)
        yield {
            "folder": folder,
            "files": len(own),
            **{
                v: verdicts[v]
                for v in ("read", "named", "refused", "unknown", "broken")
            },
            "episodes": sum(len(one.episodes) for one in own),
            "steps": sum(one.steps for one in own),
            "warnings": sum(one.warnings for one in own),
            "row_errors": sum(len(one.errors) for one in own if one.episodes),
        }


def table(lines: list[dict[str, str | int]]) -> str:
    names = list(lines[0])
    total = {
        name: sum(n for line in lines if isinstance(n := line[name], int))
        for name in names
    }
    cells = [names, *([str(v) for v in line.values()] for line in lines)]
    cells.append(["all", *(str(total[name]) for name in names[1:])])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        " ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    )


def main() -> None:
    given = [Path(word) for word in sys.argv[1:] if not word.startswith("--")]
    samples = given[0] if given else SAMPLES
    if not samples.is_dir():
        sys.exit(f"no samples in {samples}")
    found = list(outcomes(samples))
    lines = list(rows(found))
    if "--json" in sys.argv:
        print("\n".join(map(json.dumps, lines)))
        return
    print(table(lines))
    everything = "--files" in sys.argv
    for name, one in [*found, *folders(samples)]:
        spread = name.endswith("/")
        if everything or spread or one.verdict in ("unknown", "broken"):
            counts = f"{len(one.episodes)} episodes, {one.steps} steps"
            print(f"{one.verdict}  {name}  {counts}  {one.detail[:200]}")


if __name__ == "__main__":
    main()
