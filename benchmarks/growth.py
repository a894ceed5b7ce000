"""What one step more costs, by what went before it."""

import statistics
from dataclasses import replace
from typing import Any

import torch

from benchmarks import table
from benchmarks.bench import WORDS, Bench, episode, seconds
from scoring.prm.attention import ATTENTIONS, TILE
from scoring.prm.encode import encode
from scoring.prm.paged import PAGE
from scoring.schema import Episode, Step

HISTORIES = (1000, 2000, 4000, 7800)  # tokens before the step that is appended
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
    their pages and to attend to them with 48 tokens."""
    config = bench.trunk.model.config
    heads = config.num_key_value_heads
    group = config.num_attention_heads // heads
    keys = -(-(history + 48) // TILE) * TILE
    dtype = bench.trunk.model.dtype
    q = torch.randn(heads, 48 * group, config.head_dim).to(dtype)
    mask = torch.zeros(48 * group, keys, dtype=dtype)
    # each layer's own, or they would stay in the processor's cache
    pools = [
        torch.randn(2, heads, keys // PAGE, PAGE, config.head_dim).to(dtype)
        for _ in bench.trunk.model.layers
    ]
    attend, pages = ATTENTIONS[bench.trunk.attention], torch.randperm(keys // PAGE)

    def step() -> None:
        for pool in pools:
            k, v = (part.index_select(1, pages).flatten(1, 2) for part in pool)
            attend(q, k, v, mask)

    step()
    return statistics.median(seconds(step) for _ in range(bench.repeats))
