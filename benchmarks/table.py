"""The rows every benchmark adds up to: ours, the peer, their ratio with its range."""

import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

HEAD = f"{'':52}{'ours':>10}{'peer':>10}{'ratio':>8}  (range)"


@dataclass(frozen=True, slots=True)
class Row:
    """`ours` and `peer` in the unit that `what` names; `ratio` says how much better
    ours is, the median of `repeats`, with its least and most; `bar` is the ratio asked
    for. What has no peer has None there; its range and its bar are those of `ours`."""

    what: str
    ours: float
    peer: float | None = None
    ratio: float | None = None
    least: float | None = None
    most: float | None = None
    repeats: int = 1
    bar: str = ""
    load: float = 0.0

    def __str__(self) -> str:
        peer = "–" if self.peer is None else f"{self.peer:.4g}"
        ratio = "–" if self.ratio is None else f"{self.ratio:.2f}"
        spread = "" if self.least is None else f"({self.least:.3g}–{self.most:.3g})"
        return (
            f"{self.what:52}{self.ours:>10.4g}{peer:>10}{ratio:>8}  {spread:16}"
            f"{self.bar:10} n={self.repeats}, load {self.load:.1f}"
        )

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Row":
        return cls(**data)


def paired(
    what: str,
    ours: Sequence[float],
    peer: Sequence[float],
    bar: str = "",
    *,
    more_is_better: bool = False,
) -> Row:
    """The row of measurements taken by turns."""
    pairs = list(zip(ours, peer, strict=True))
    ratios = [a / b if more_is_better else b / a for a, b in pairs]
    return Row(
        what,
        statistics.median(ours),
        statistics.median(peer),
        statistics.median(ratios),
        min(ratios),
        max(ratios),
        len(ratios),
        bar,
        os.getloadavg()[0],
    )


def alone(what: str, values: Sequence[float], bar: str = "") -> Row:
    """The row of something that has no peer."""
    several = len(values) > 1
    return Row(
        what,
        statistics.median(values),
        least=min(values) if several else None,
        most=max(values) if several else None,
        repeats=len(values),
        bar=bar,
        load=os.getloadavg()[0],
    )


def machine() -> str:
    """What the figures were measured on."""
    import torch

    lines = Path("/proc/cpuinfo").read_text().splitlines()
    name = next((x.split(":")[1].strip() for x in lines if "model name" in x), "CPU")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{name}, {os.cpu_count()} cores, {torch.backends.cpu.get_cpu_capability()}, "
        f"{memory:.0f} GiB, torch {torch.__version__}, load {os.getloadavg()[0]:.1f}"
    )
