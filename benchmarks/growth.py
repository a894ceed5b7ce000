"""What one step more costs, by what went before it."""

import statistics
from dataclasses import replace
from itertools import pairwise
from typing import Any

import torch

from benchmarks import table
from benchmarks.bench import WORDS, Bench, episode, seconds
from scoring.prm.attention import ATTENTIONS, TILE
from scoring.prm.encode import encode
from scoring.prm.paged import PAGE
from scoring.schema import Episode, Step

HISTORIES = (1000, 2000, 4000, 7800)  # tokens before the step that is appended
ROWS = 48  # of the step that is appended, about
PEER_REPEATS = 2  # over half a minute each

Curve = list[tuple[float, float]]


def curves(bench: Bench) -> dict[str, Curve]:
    """Milliseconds of a step of 40 words more: in all, of attention over the history,
    and without it. The longest history stands against a peer."""
    whole, attending = Curve(), Curve()
    for history in HISTORIES:
        long = episode(history, history // 50)
        read = bench.ours([long])[0].tokens
        runs = [_grown(long, n) for n in range(bench.repeats + 2)]
        times = [
            seconds(lambda run=run: bench.ours([run], cold=False)) for run in runs
        ][2:]
        whole.append((read, 1000 * statistics.median(times)))
        attending.append((read, 1000 * _attention(bench, read)))
    _against_whole(bench, runs[-1], times)
    rest = [(x, y - z) for (x, y), (_, z) in zip(whole, attending, strict=True)]
    return {"in all": whole, "attention": attending, "all else": rest}


def _grown(long: Episode, n: int) -> Episode:
    step = Step(len(long.steps), text=f"{n} " + " ".join(WORDS * 4))
    return replace(long, steps=(*long.steps, step))


def _against_whole(bench: Bench, run: Episode, times: list[float]) -> None:
    from transformers import LlamaForTokenClassification

    classifier = LlamaForTokenClassification(bench.trunk.model.config)
    classifier.model = bench.trunk.model
    classifier = classifier.to(bench.trunk.model.dtype).eval()
    ids = encode(run, bench.trunk.tokenizer, bench.trunk.context).token_ids

    def again() -> Any:
        with torch.inference_mode():
            return classifier(torch.tensor([ids]), use_cache=False).logits

    theirs = [seconds(again) for _ in range(PEER_REPEATS)]
    what = f"one step more at {len(ids)} tokens: whole again (s)"
    paired = [(mine, other) for mine in times for other in theirs]
    bench.add(table.paired(what, *zip(*paired, strict=True), "≥ 10"))


@torch.inference_mode()
def _attention(bench: Bench, history: int) -> float:
    """Seconds that all layers take to fetch such a history's keys and values out of
    their pages and to attend to them with ROWS tokens, tile by tile as the engine."""
    config = bench.trunk.model.config
    heads = config.num_key_value_heads
    group = config.num_attention_heads // heads
    dtype = bench.trunk.model.dtype
    # each layer's own, or they would stay in the processor's cache
    pages = -(-(history + ROWS) // TILE) * TILE // PAGE
    pools = [
        torch.randn(2, heads, pages, PAGE, config.head_dim).to(dtype)
        for _ in bench.trunk.model.layers
    ]
    calls = []
    for start, stop in _pieces(history):
        keys = -(-stop // TILE) * TILE
        q = torch.randn(heads, (stop - start) * group, config.head_dim).to(dtype)
        mask = torch.zeros((stop - start) * group, keys, dtype=dtype)
        calls.append((q, mask, torch.randperm(keys // PAGE)))
    attend = ATTENTIONS[bench.trunk.attention]

    def step() -> None:
        for pool in pools:
            for q, mask, places in calls:
                k, v = (part.index_select(1, places).flatten(1, 2) for part in pool)
                attend(q, k, v, mask)

    step()
    return statistics.median(seconds(step) for _ in range(bench.repeats))


def _pieces(history: int) -> list[tuple[int, int]]:
    """The positions of ROWS tokens after a history, cut where a tile ends."""
    cuts = range(-(-history // TILE) * TILE, history + ROWS, TILE)
    edges = sorted({history, *cuts, history + ROWS})
    return list(pairwise(edges))
