"""What one step more costs, by what went before it."""

import statistics
from dataclasses import replace
from typing import Any

import torch

from benchmarks import table
from benchmarks.bench import WORDS, Bench, episode, seconds
from scoring.prm.attention import ATTENTIONS, TILE
from scoring.prm.encode import encode
from scoring.schema import Episode, Step

HISTORIES = (1000, 2000, 4000, 7800)  # tokens before the step that is appended
PEER_REPEATS = 2  # half a minute each

Curve = list[tuple[float, float]]


def curves(bench: Bench) -> dict[str, Curve]:
    """Milliseconds of a step of 40 words more: in all, of attention over the history,
    and without it. The longest history stands against a peer."""
    whole, attending = Curve(), Curve()
    for history in HISTORIES:
        long = episode(history, history // 50)
        bench.ours([long])
        runs = [_grown(long, n) for n in range(bench.repeats + 2)]
        times = [
            seconds(lambda run=run: bench.ours([run], cold=False)) for run in runs
        ][2:]
        whole.append((history, 1000 * statistics.median(times)))
        attending.append((history, 1000 * _attention(bench, history)))
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
    """Seconds that all layers' attention takes for 48 tokens after such a history."""
    config = bench.trunk.model.config
    heads = config.num_key_value_heads
    group = config.num_attention_heads // heads
    keys = -(-(history + 48) // TILE) * TILE
    dtype = bench.trunk.model.dtype
    q = torch.randn(heads, 48 * group, config.head_dim).to(dtype)
    k, v = (torch.randn(heads, keys, config.head_dim).to(dtype) for _ in range(2))
    mask = torch.zeros(48 * group, keys, dtype=dtype)
    attend = ATTENTIONS[bench.trunk.attention]
    attend(q, k, v, mask)
    rounds = [
        seconds(lambda: [attend(q, k, v, mask) for _ in bench.trunk.model.layers])
        for _ in range(bench.repeats)
    ]
    return statistics.median(rounds)
