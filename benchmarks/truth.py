"""What is right to answer: by the stand-in's rule, or as the scorer itself answered
before anything was killed."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from benchmarks import served, stub
from scoring import arena

Run = dict[str, Any]
# of a Score of the model with this hash, and of the run with this number
Right = Callable[[Run, str, int], bool]

# so few and short that a scorer just started has soon read all of them again
FEW, SHORT = 6, 4


def runs(count: int, seed: int) -> list[Run]:
    return [run.episode.to_dict() for run in arena.generate(count, seed=seed)]


def short(count: int, seed: int) -> list[Run]:
    return [run | {"steps": run["steps"][:SHORT]} for run in runs(count, seed)]


def by_the_stub(score: Run, model: str, number: int) -> bool:
    said = {step["q"] for step in score["steps"]}
    return said == {stub.expected(model, score["episode"])}


def as_before(
    house: served.Served, asked: Sequence[Run], models: Iterable[str]
) -> Right:
    """Bit by bit what each model answers now."""
    steps = {}
    with house.client(timeout=120) as client:
        for model in models:
            body = {"episodes": asked, "model": model}
            answer = client.post("/api/v1/scores/", json=body).raise_for_status()
            for number, score in enumerate(answer.json()["scores"]):
                steps[model, number] = score["steps"]

    def is_right(score: Run, model: str, number: int) -> bool:
        return bool(score["steps"] == steps[model, number])

    return is_right
