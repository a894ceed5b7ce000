"""The memory of processes over time, and the cores they kept busy."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import psutil

if TYPE_CHECKING:
    from webapp.house.supervisor import Child


@dataclass(frozen=True, slots=True)
class Found:
    """Resident megabytes at the end, and how many more each minute."""

    megabytes: float = 0.0
    slope: float = 0.0


class Memory:
    """Looks once a second while its block runs, at children and theirs."""

    def __init__(self, children: "Mapping[str, Child]") -> None:
        self._children = children
        self._stopped = threading.Event()
        self._rows: list[tuple[float, float]] = []
        self._thread = threading.Thread(target=self._look)
        self.found = Found()
        # how many cores each child kept busy, by name
        self.shares: dict[str, float] = {}
        self._began: tuple[dict[str, float], float] = ({}, 0.0)

    def __enter__(self) -> Self:
        self._began = processor_seconds(self._children), time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        before, at = self._began
        seconds = time.monotonic() - at
        for name, used in processor_seconds(self._children).items():
            self.shares[name] = (used - before[name]) / seconds
        # the first third warms up
        rows = np.array(self._rows[len(self._rows) // 3 :])
        if len(rows) > 2:
            slope = float(np.polyfit(rows[:, 0], rows[:, 1], 1)[0]) * 60
            self.found = Found(float(rows[-1, 1]), slope)

    def _look(self) -> None:
        while not self._stopped.wait(1):
            self._rows.append((time.monotonic(), self._megabytes()))

    def _megabytes(self) -> float:
        total = 0
        for child in self._children.values():
            try:
                total += sum(process.memory_info().rss for process in _tree(child))
            except psutil.NoSuchProcess:
                continue
        return total / 2**20


def processor_seconds(children: "Mapping[str, Child]") -> dict[str, float]:
    """What each child and its children have used so far."""
    return {
        name: sum(sum(process.cpu_times()[:2]) for process in _tree(child))
        for name, child in children.items()
    }


def _tree(child: "Child") -> list[psutil.Process]:
    if child.process is None:
        return []
    parent = psutil.Process(child.process.pid)
    return [parent, *parent.children(recursive=True)]
