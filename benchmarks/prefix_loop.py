"""One pass against a pass a prefix, in speed and in what the scores come to.

Whose q is right is asked of a float32 pass over the whole run, under a model trained on
the arena: bfloat16 is off by rounding, a loop over prefixes by another amount at every
prefix, since kernels block other shapes otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from benchmarks import models
from benchmarks.bench import Bench, episode
from scoring.prm.card import Model, load_model
from scoring.prm.encode import Encoded, encode
from scoring.prm.engine import predict
from scoring.schema import Episode

STEPS, TOKENS = 16, 2048
EVERY = 3  # steps of a run that are scored as its last one too


def compare(bench: Bench) -> None:
    """The row of the table."""
    run = episode(TOKENS, STEPS)
    encoded = encode(run, bench.trunk.tokenizer, bench.trunk.context)
    what = f"{STEPS} steps, {len(encoded.token_ids)} tokens: a pass a prefix (s)"
    assert isinstance(bench.model, Model)
    model = bench.model

    def loop() -> Any:
        return predict(_by_prefixes(bench, encoded), encoded, model)

    bench.compare(what, lambda: bench.ours([run]), loop, "≥ 8")


def agreement(bench: Bench, data: Any) -> dict[str, float]:
    """The largest |Δq| of each pair of ways, over some of the arena's longest runs."""
    folder = models.trained(bench.trunk, data)
    model, runs = load_model(folder, bench.trunk), _runs()
    exact = bench.trunk.model.__class__(bench.trunk.model.config)
    exact.norm = torch.nn.Identity()
    exact.load_state_dict(bench.trunk.model.state_dict(), strict=False)
    exact = exact.float().eval()
    found = dict[str, float]()
    for run in runs:
        encoded = encode(run, bench.trunk.tokenizer, model.max_tokens)
        said = _ways(bench, run, encoded, model, exact)
        for name, (one, other) in PAIRS.items():
            apart = max(abs(a - b) for a, b in zip(said[one], said[other], strict=True))
            found[name] = max(found.get(name, 0.0), apart)
    for name, apart in found.items():
        print(f"    largest |Δq|, {name}: {apart:.1e}")
    return found


PAIRS: Mapping[str, tuple[str, str]] = {
    "ours as it grows against ours whole (bar: < 1e-3)": ("grown", "there"),
    "ours against float32": ("ours", "exact"),
    "a pass a prefix against float32": ("loop", "exact"),
    "a pass a prefix against the same peer's one pass": ("loop", "peer"),
    "ours against a pass a prefix": ("ours", "loop"),
}


def _runs() -> list[Episode]:
    from scoring.arena import generate

    long = sorted(generate(60, seed=7), key=lambda run: -len(run.episode.steps))
    return [run.episode for run in long[:2]]


def _ways(
    bench: Bench, run: Episode, encoded: Encoded, model: Model, exact: Any
) -> dict[str, Sequence[float]]:
    whole = torch.tensor([encoded.token_ids])
    spans = [span for span in encoded.spans if span]
    with torch.inference_mode():
        passes = {
            "exact": exact(whole, use_cache=False).last_hidden_state[0],
            "peer": bench.peer([encoded.token_ids])[0],
        }
    said = {
        name: predict([states[slice(*s)] for s in spans], encoded, model).q
        for name, states in passes.items()
    }
    said["loop"] = predict(_by_prefixes(bench, encoded), encoded, model).q
    bench.engine.forget()
    said["ours"] = bench.engine.predict([run], model)[0].q
    ends = range(0, len(run.steps), EVERY)
    said["grown"] = [_last(bench, run, t, model) for t in ends]
    said["there"] = [said["ours"][t] for t in ends]
    return {name: [x for x in q if x is not None] for name, q in said.items()}


def _last(bench: Bench, run: Episode, t: int, model: Model) -> float | None:
    """q of step t, when it was the last one and nothing was known."""
    bench.engine.forget()
    part = replace(run, steps=run.steps[: t + 1])
    return bench.engine.predict([part], model)[0].q[t]


def _by_prefixes(bench: Bench, encoded: Encoded) -> list[torch.Tensor]:
    return [
        bench.peer([encoded.token_ids[:stop]])[0, start:stop]
        for start, stop in filter(None, encoded.spans)
    ]
