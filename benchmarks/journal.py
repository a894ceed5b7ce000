"""What a client asked and what it got: every request is written down and checked."""

import asyncio
import itertools
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks import served, truth

# beyond its deadline an answer may take so long and isn't hung yet
GRACE = 1.5
# what lies between the caller's clock and the server's
LATENESS = 0.5
# the least a Retry-After says, in seconds
PAUSE = 1.0
# an answer that is not what the model says of this episode
WRONG = "wrong"


@dataclass
class Journal:
    """Outcomes by kind, with seconds: ok, refused (503 and Retry-After), late (right,
    past its deadline), hung (none at all), broken (the connection ended), wrong,
    other."""

    seconds: float = 0.0
    spent: dict[str, list[float]] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)

    def write(self, kind: str, seconds: float) -> None:
        self.spent.setdefault(kind, []).append(seconds)

    @property
    def goodput(self) -> float:
        """Right answers in time, a second."""
        return len(self.spent.get("ok", ())) / self.seconds

    def summary(self) -> dict[str, Any]:
        kinds = ("ok", "refused", "late", "hung", "broken", WRONG, "other")
        counts = {kind: len(self.spent.get(kind, ())) for kind in kinds}
        return {
            "goodput": self.goodput,
            **counts,
            **{f"p{q}": self._milliseconds("ok", q) for q in (50, 95, 99)},
            "refused_p50": self._milliseconds("refused", 50),
            "notes": dict(self.notes),
        }

    def _milliseconds(self, kind: str, q: int) -> float:
        spent = self.spent.get(kind, [])
        if len(spent) < 2:
            return 1000 * sum(spent)
        return 1000 * statistics.quantiles(spent, n=100)[q - 1]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the clients ask: one of `runs` after another of one of `models` after
    another, `at_once` in a request; and which answers are right."""

    models: Sequence[str]
    runs: Sequence[truth.Run] = field(default_factory=lambda: truth.runs(32, seed=5))
    is_right: truth.Right = truth.by_the_stub
    at_once: int = 1


class Asker:
    """One client: episodes with a name nobody has used, asked of a named model."""

    def __init__(self, house: served.Served, deadline: float, asked: Asked) -> None:
        self._models = itertools.cycle(asked.models)
        self._asked = asked
        self._runs = itertools.cycle(enumerate(asked.runs))
        self._numbers = itertools.count()
        self._deadline = deadline
        self._client = httpx.AsyncClient(
            base_url=house.url,
            headers=house.headers | {"Deadline": str(deadline)},
            timeout=deadline + GRACE,
            limits=httpx.Limits(max_connections=512, max_keepalive_connections=512),
        )

    async def ask(self, journal: Journal) -> str:
        model = next(self._models)
        runs = {
            f"load-{next(self._numbers)}": next(self._runs)
            for _ in range(self._asked.at_once)
        }
        episodes = [run | {"id": name} for name, (_, run) in runs.items()]
        body = {"episodes": episodes, "model": model}
        numbers = {name: number for name, (number, _) in runs.items()}
        began = time.monotonic()
        try:
            answer = await self._client.post("/api/v1/scores/", json=body)
            kind = _kind(answer, model, numbers, self._asked.is_right)
        except httpx.TimeoutException as error:
            kind = "hung"
            journal.notes[type(error).__name__] += 1
        except httpx.TransportError as error:
            kind = "broken"
            journal.notes[type(error).__name__] += 1
        spent = time.monotonic() - began
        if kind == "ok" and spent > self._deadline + LATENESS:
            kind = "late"
        if kind == "other":
            journal.notes[f"{answer.status_code} {answer.text[:120]}"] += 1
        journal.write(kind, spent)
        return kind

    async def close(self) -> None:
        await self._client.aclose()


async def closed(
    house: served.Served,
    clients: int,
    seconds: float,
    deadline: float,
    *,
    asked: Asked | None = None,
    pause: float = 0.0,
) -> Journal:
    """Each client asks, waits for its answer and asks again."""
    asker, journal = Asker(house, deadline, asked or Asked([house.model])), Journal()
    began = time.monotonic()

    async def client() -> None:
        while time.monotonic() - began < seconds:
            kind = await asker.ask(journal)
            # a client that comes back at once only makes it worse
            await asyncio.sleep({"broken": 0.25, "refused": PAUSE}.get(kind, pause))

    await asyncio.gather(*(client() for _ in range(clients)))
    journal.seconds = time.monotonic() - began
    await asker.close()
    return journal


async def opened(
    house: served.Served, rate: float, seconds: float, deadline: float
) -> Journal:
    """So many requests a second, whether those before are answered or not."""
    asker, journal = Asker(house, deadline, Asked([house.model])), Journal()
    began, asked = time.monotonic(), []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        asked.append(asyncio.create_task(asker.ask(journal)))
    await asyncio.gather(*asked)
    # with the time that what was asked last took, whose answers count too
    journal.seconds = time.monotonic() - began
    await asker.close()
    return journal


def _kind(
    answer: httpx.Response, model: str, numbers: dict[str, int], is_right: truth.Right
) -> str:
    if answer.status_code == 503:
        return "refused" if "Retry-After" in answer.headers else "other"
    if answer.status_code != 200:
        return "other"
    scores = answer.json()["scores"]
    named = [(score["episode"], score["model"]["sha256"]) for score in scores]
    if named != [(name, model) for name in numbers]:
        return WRONG
    right = (is_right(score, model, numbers[score["episode"]]) for score in scores)
    return "ok" if all(right) else WRONG
