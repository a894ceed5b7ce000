"""The engine against its peers, in one run on the same weights.

    python -m benchmarks.peers [--repeats 5] [--threads 1] [--json] [--plots FOLDER]

Ours and the peer take turns; a row holds the median of each and of their ratio, with
the range of the ratio. Seconds are the process's own (what other programs take doesn't
count) unless several threads are asked for. Peers are `transformers` with the same cut
trunk, in bfloat16:

    prefix loop     one forward pass a step, over all tokens up to its end
    padded batch    one forward pass, every episode padded to the longest
    whole again     AutoModelForTokenClassification over the whole grown episode

The heads are random: they cost what trained ones cost.
"""

import argparse
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks import plot
from scoring.prm import backbone
from scoring.prm.backbone import Trunk
from scoring.prm.card import Model
from scoring.prm.encode import encode
from scoring.prm.engine import Engine, predict
from scoring.prm.heads import Head
from scoring.prm.mixing import HIDDEN, Judge, Mixer, Words, width
from scoring.prm.readout import VIEWS, Basis
from scoring.prm.words import BUCKETS
from scoring.schema import Episode, Step

RANK, MEMBERS = 256, 5
WORDS = (
    "the",
    "clerk",
    "looked",
    "order",
    "seven",
    "up",
    "and",
    "refunded",
    "it",
    "now",
)
MIXED = (64, 96, 128, 192, 256, 384, 512, 1024)  # tokens of the mixed batch
HISTORIES = (1000, 2000, 4000, 7800)  # tokens before the step that is appended


class Bench:
    """Ours and the peers over one trunk."""

    def __init__(self, trunk: Trunk, repeats: int) -> None:
        self.trunk, self.repeats = trunk, repeats
        self.engine, self.model = Engine(trunk), heads(trunk)
        self.rows: list[dict[str, Any]] = []

    def ours(self, episodes: Sequence[Episode], *, cold: bool = True) -> list[Any]:
        if cold:
            self.trunk.forget()
        return self.engine.predict(episodes, self.model)

    @torch.inference_mode()
    def peer(self, batch: Sequence[Sequence[int]]) -> torch.Tensor:
        """[B, longest, d], padded on the right, as a data collator does it."""
        longest = max(map(len, batch))
        ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in batch])
        mask = torch.tensor([[1] * len(r) + [0] * (longest - len(r)) for r in batch])
        alone = len(batch) == 1
        states: torch.Tensor = self.trunk.model(
            ids, attention_mask=None if alone else mask, use_cache=False
        ).last_hidden_state
        return states

    def compare(
        self, what: str, ours: Callable[[], Any], peer: Callable[[], Any], bar: str
    ) -> None:
        """Time both in turn and add the row."""
        ours()  # oneDNN compiles its kernels in the first call
        pairs = [(seconds(ours), seconds(peer)) for _ in range(self.repeats)]
        ratios = sorted(theirs / mine for mine, theirs in pairs)
        mine, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
        self.add(what, mine, theirs, ratios, bar)

    def add(
        self, what: str, ours: float, peer: float, ratios: list[float], bar: str
    ) -> None:
        ratio = statistics.median(ratios)
        row = {
            "what": what,
            "ours": ours,
            "peer": peer,
            "ratio": ratio,
            "range": [min(ratios), max(ratios)],
            "bar": bar,
            "load": os.getloadavg()[0],
        }
        self.rows.append(row)
        print(
            f"{what:44}{ours:>10.4g}{peer:>10.4g}{ratio:>8.2f} "
            f"({min(ratios):.2f}–{max(ratios):.2f})  {bar:12} load {row['load']:.1f}",
            flush=True,
        )


def heads(trunk: Trunk) -> Model:
    torch.manual_seed(0)
    basis = Basis(torch.zeros(trunk.width), torch.randn(trunk.width, RANK) / 24)

    def head(classes: int) -> Head:
        weight = torch.randn(1, VIEWS * RANK, classes) / 100
        bias = torch.zeros(1, classes)
        return Head(torch.randn(RANK) / 16, weight, bias, torch.ones(1))

    made = {"verdict": head(3), "value": head(2)}
    judged = {"verdict": judge("verdict", 3), "value": judge("value", 2)}
    return Model(basis, made, trunk.context, judged)


def judge(name: str, classes: int) -> Judge:
    inputs = width(name)
    mixer = Mixer(
        centre=torch.zeros(inputs),
        scale=torch.ones(inputs),
        hidden=torch.randn(MEMBERS, inputs, HIDDEN) / 10,
        shift=torch.zeros(MEMBERS, HIDDEN),
        out=torch.randn(MEMBERS, HIDDEN, classes) / 10,
        straight=torch.randn(MEMBERS, inputs, classes) / 10,
        bias=torch.zeros(MEMBERS, classes),
        temperature=torch.ones(1),
    )
    words = Words(
        torch.ones(BUCKETS), torch.zeros(BUCKETS, classes), torch.zeros(classes)
    )
    return Judge(words, mixer)


def episode(tokens: int, steps: int, seed: int = 0) -> Episode:
    """About so many tokens, in steps of equal length."""
    dice = random.Random(seed)
    words = max(1, (tokens - 8) // steps - 4)
    return Episode(
        task=f"Refund order {seed}",
        steps=tuple(
            Step(t, text=" ".join(dice.choices(WORDS, k=words))) for t in range(steps)
        ),
    )


def prefix_loop(bench: Bench) -> None:
    run = episode(2048, 16)
    encoded = encode(run, bench.trunk.tokenizer, bench.trunk.context)
    spans = [span for span in encoded.spans if span]

    def peer() -> Any:
        states = [
            bench.peer([encoded.token_ids[:stop]])[0, start:stop]
            for start, stop in spans
        ]
        return predict(states, encoded, bench.model)

    (mine,) = bench.ours([run])
    apart = max(abs(a - b) for a, b in zip(mine.q, peer().q, strict=True))
    what = f"16 steps, {len(encoded.token_ids)} tokens: prefix loop (s)"
    bench.compare(what, lambda: bench.ours([run]), peer, "≥ 8")
    print(f"    largest |Δq| between the two: {apart:.1e} (bar: < 1e-3)")


def padded_batch(bench: Bench) -> None:
    runs = [episode(tokens, 4, seed) for seed, tokens in enumerate(MIXED)]
    encoded = [encode(run, bench.trunk.tokenizer, 8192) for run in runs]

    def peer() -> Any:
        states = bench.peer([one.token_ids for one in encoded])
        for one, row in zip(encoded, states, strict=True):
            predict([row[slice(*s)] for s in one.spans if s], one, bench.model)

    what = f"{len(runs)} runs of mixed length: padded batch (s)"
    bench.compare(what, lambda: bench.ours(runs), peer, "≥ 1.8")


def appended(bench: Bench) -> list[tuple[float, float]]:
    """The cost of one more step of 40 words, by history; the longest against a peer."""
    from transformers import LlamaForTokenClassification

    classifier = LlamaForTokenClassification(bench.trunk.model.config)
    classifier.model = bench.trunk.model
    classifier = classifier.to(torch.bfloat16).eval()
    curve = []
    for history in HISTORIES:
        long = episode(history, history // 50)
        bench.ours([long])
        fresh = iter(range(10_000))

        def grown(long: Episode = long, fresh: Any = fresh) -> Episode:
            text = f"{next(fresh)} " + " ".join(WORDS * 4)
            step = Step(len(long.steps), text=text)
            return Episode(task=long.task, steps=(*long.steps, step))

        times = [
            seconds(lambda grown=grown: bench.ours([grown()], cold=False))
            for _ in range(bench.repeats + 1)
        ][1:]
        curve.append((history, statistics.median(times)))
    ids = encode(grown(), bench.trunk.tokenizer, bench.trunk.context).token_ids

    def peer() -> Any:
        with torch.inference_mode():
            return classifier(torch.tensor([ids]), use_cache=False).logits

    what = f"one step more at {len(ids)} tokens: whole again (s)"
    theirs = [seconds(peer) for _ in range(min(3, bench.repeats))]
    ratios = [t / mine for t in theirs for mine in times]
    bench.add(what, statistics.median(times), statistics.median(theirs), ratios, "≥ 10")
    first, last = curve[0][1], curve[-1][1]
    print(
        f"    {HISTORIES[-1]} against {HISTORIES[0]} tokens of history: "
        f"{last / first:.2f} ×"
    )
    return curve


def machine_rate(bench: Bench) -> None:
    """Useful operations a second at 512 tokens against products of square matrices and
    of the model's own shapes, in turn."""
    runs = [episode(512, 4, seed) for seed in range(4)]
    tokens = sum(p.tokens for p in bench.ours(runs))
    config = bench.trunk.model.config
    weights = [p for p in bench.trunk.model.layers.parameters() if p.dim() == 2]
    linear = 2 * sum(p.numel() for p in weights)
    attention = (
        4
        * config.num_attention_heads
        * config.head_dim
        * 256
        * len(bench.trunk.model.layers)
    )
    square = torch.randn(2048, 2048).bfloat16()
    own = [(torch.randn(512, p.shape[1]).bfloat16(), p) for p in weights[:7]]

    def rate_own() -> float:
        flops = sum(2 * x.numel() * len(p) for x, p in own)
        took = seconds(
            lambda: [torch.nn.functional.linear(x, p) for _ in range(5) for x, p in own]
        )
        return 5 * flops / took

    shares: dict[str, list[tuple[float, float]]] = {"squares": [], "own shapes": []}
    for _ in range(bench.repeats):
        took = seconds(lambda: bench.ours(runs))
        mine = tokens * (linear + attention) / took
        shares["squares"].append((mine, 2 * 2048**3 / seconds(lambda: square @ square)))
        shares["own shapes"].append((mine, rate_own()))
    for name, pairs in shares.items():
        mine, peak = (
            statistics.median(side) / 1e9 for side in zip(*pairs, strict=True)
        )
        ratios = [a / b for a, b in pairs]
        bench.add(
            f"512 tokens: matmul rate, {name} (GFLOP/s)", mine, peak, ratios, "≥ .6"
        )
    print(f"    {mine * 1e9 / (linear + attention):.0f} tokens/s at 512 tokens")


def throughput(bench: Bench) -> list[tuple[float, float]]:
    """Tokens a second of batches of 1 to 16 runs of 128 tokens."""
    curve = []
    for size in (1, 2, 4, 8, 16):
        runs = [episode(128, 2, seed) for seed in range(size)]
        tokens = sum(p.tokens for p in bench.ours(runs))
        times = [seconds(lambda runs=runs: bench.ours(runs)) for _ in range(3)]
        curve.append((size, tokens / statistics.median(times)))
    return curve


def bandwidth() -> float:
    """Bytes a second of copying 256 MB, read and written."""
    source = torch.zeros(1 << 28, dtype=torch.uint8)
    target = torch.ones_like(source)
    return (
        2 * len(source) / min(seconds(lambda: target.copy_(source)) for _ in range(5))
    )


def seconds(work: Callable[[], Any]) -> float:
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    started = clock()
    work()
    return clock() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--plots", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    trunk = backbone.load(None, Path(os.environ.get("PACENOTE_DATA", "var")))
    cpu = torch.backends.cpu.get_cpu_capability()
    print(
        f"torch {torch.__version__}, {arguments.threads} of {os.cpu_count()} threads, "
        f"{cpu}, copy {bandwidth() / 1e9:.1f} GB/s, "
        f"{trunk.arithmetic}, load {os.getloadavg()[0]:.1f}\n"
        f"{'':44}{'ours':>10}{'peer':>10}{'ratio':>8}  (range)"
    )
    bench = Bench(trunk, arguments.repeats)
    machine_rate(bench)
    padded_batch(bench)
    prefix_loop(bench)
    curves = {"append": appended(bench), "throughput": throughput(bench)}
    for name, curve in curves.items():
        print(name, " ".join(f"{x:g}:{y:.4g}" for x, y in curve))
    if arguments.plots:
        plot.line(
            arguments.plots / "append.svg",
            curves["append"],
            ("tokens of history", "seconds for one step more"),
        )
        plot.line(
            arguments.plots / "throughput.svg",
            curves["throughput"],
            ("runs of 128 tokens in a batch", "tokens a second"),
        )
    if arguments.json:
        print(json.dumps({"rows": bench.rows, "curves": curves}))


if __name__ == "__main__":
    main()
