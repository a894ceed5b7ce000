"""The engine against its peers, in one run on the same weights.

    python -m benchmarks.peers [--repeats 5] [--threads 1] [--only PART…]
                               [--json FILE] [--plots FOLDER] [--llama-cpp PYTHON]

Ours and the peer take turns; a row holds the median of each and of their ratio, with
the range of the ratio. Seconds are the process's own (what other programs take doesn't
count) unless several threads are asked for. Peers are `transformers` with the same cut
trunk, in the same number type:

    a pass a prefix   one forward pass a step, over all tokens up to its end
    padded batch      one forward pass, every episode padded to the longest
    whole again       AutoModelForTokenClassification over the whole grown episode
    llama.cpp         embeddings of the same weights (`llama_peer.py`; all 30 layers)

The heads are random, which costs what trained ones cost; how far scores agree is asked
under a model trained on the arena.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks import growth, plot, prefix_loop, table
from benchmarks.bench import Bench, episode, seconds
from scoring.prm import backbone, smollm2
from scoring.prm.card import Model
from scoring.prm.encode import encode
from scoring.prm.engine import predict

MIXED = (32, 48, 64, 96, 128, 192, 256, 512)  # tokens of the mixed batch
PARTS = ("rate", "padded", "prefixes", "agreement", "append", "throughput", "llama")


def padded_batch(bench: Bench) -> None:
    runs = [episode(tokens, 4, seed) for seed, tokens in enumerate(MIXED)]
    encoded = [encode(run, bench.trunk.tokenizer, 8192) for run in runs]
    assert isinstance(bench.model, Model)
    model = bench.model

    def peer() -> Any:
        states = bench.peer([one.token_ids for one in encoded])
        for one, row in zip(encoded, states, strict=True):
            predict([row[slice(*s)] for s in one.spans if s], one, model)

    what = f"{len(runs)} runs of mixed length: padded batch (s)"
    bench.compare(what, lambda: bench.ours(runs), peer, "≥ 1.8")


def machine_rate(bench: Bench) -> None:
    """Useful operations a second at 512 tokens against products of square matrices and
    of the model's own shapes, in turn."""
    runs = [episode(512, 4, seed) for seed in range(4)]
    tokens = sum(p.tokens for p in bench.ours(runs))
    operations = tokens * _operations(bench, 256)
    square = torch.randn(2048, 2048).to(bench.trunk.model.dtype)
    weights = [p for p in bench.trunk.model.layers.parameters() if p.dim() == 2][:7]
    own = [(torch.randn(512, p.shape[1]).to(p.dtype), p) for p in weights]

    def products() -> Any:
        return [torch.nn.functional.linear(x, p) for _ in range(5) for x, p in own]

    shares: dict[str, list[tuple[float, float]]] = {"squares": [], "own shapes": []}
    flops = 5 * sum(2 * x.numel() * len(p) for x, p in own)
    for _ in range(bench.repeats):
        mine = operations / seconds(lambda: bench.ours(runs)) / 1e9
        peak = 2 * 2048**3 / seconds(lambda: square @ square) / 1e9
        shares["squares"].append((mine, peak))
        shares["own shapes"].append((mine, flops / seconds(products) / 1e9))
    for name, pairs in shares.items():
        what = f"512 tokens: matmul rate, {name} (GFLOP/s)"
        ours, peer = zip(*pairs, strict=True)
        bench.add(table.paired(what, ours, peer, "≥ .6", more_is_better=True))
    rate = statistics.median(ours) * 1e9 * tokens / operations
    print(f"    {rate:.0f} tokens/s at 512 tokens")


def _operations(bench: Bench, seen: int) -> int:
    """Additions and multiplications of a token that sees so many others."""
    config = bench.trunk.model.config
    layers = bench.trunk.model.layers
    linear = 2 * sum(p.numel() for p in layers.parameters() if p.dim() == 2)
    attention = 4 * config.num_attention_heads * config.head_dim * seen * len(layers)
    return int(linear + attention)


def throughput(bench: Bench) -> dict[str, growth.Curve]:
    """Tokens a second of batches of 1 to 16 runs of 128 tokens."""
    curve = growth.Curve()
    for size in (1, 2, 4, 8, 16):
        runs = [episode(128, 2, seed) for seed in range(size)]
        tokens = sum(p.tokens for p in bench.ours(runs))
        times = [seconds(lambda runs=runs: bench.ours(runs)) for _ in range(3)]
        curve.append((size, tokens / statistics.median(times)))
    return {"": curve}


def llama(bench: Bench, python: str) -> None:
    """llama.cpp has all 30 layers and no heads; ours the 20 that are read."""
    runs = [episode(512, 4, seed) for seed in range(2)]
    texts = ["\n".join(step.text for step in run.steps) for run in runs]
    file = smollm2.weights()
    peer = subprocess.Popen(
        [python, str(Path(__file__).with_name("llama_peer.py")), str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )

    def theirs() -> float:
        assert peer.stdin
        assert peer.stdout
        print(json.dumps(texts), file=peer.stdin, flush=True)
        answer = next((x for x in peer.stdout if x.startswith("[")), None)
        if answer is None:
            raise SystemExit(f"{python}: llama.cpp gave no answer")
        tokens, spent = json.loads(answer)
        return float(tokens / spent)

    try:
        theirs()
        tokens = sum(p.tokens for p in bench.ours(runs))
        pairs = [
            (tokens / seconds(lambda: bench.ours(runs)), theirs())
            for _ in range(bench.repeats)
        ]
    finally:
        peer.kill()
        peer.wait()
    what = "512 tokens: llama.cpp, 30 layers (tokens/s)"
    bench.add(table.paired(what, *zip(*pairs, strict=True), more_is_better=True))


ROWS: Mapping[str, Callable[[Bench], None]] = {
    "rate": machine_rate,
    "padded": padded_batch,
    "prefixes": prefix_loop.compare,
}
CURVES: Mapping[str, Callable[[Bench], dict[str, growth.Curve]]] = {
    "append": growth.curves,
    "throughput": throughput,
}


def bandwidth() -> float:
    """Bytes a second of copying 256 MB, read and written."""
    source = torch.zeros(1 << 28, dtype=torch.uint8)
    target = torch.ones_like(source)
    return (
        2 * len(source) / min(seconds(lambda: target.copy_(source)) for _ in range(5))
    )


def main() -> None:
    options = _parser().parse_args()
    torch.set_num_threads(options.threads)
    root = Path(os.environ.get("PACENOTE_DATA", "var"))
    trunk = backbone.load(None, root)
    print(
        f"{table.machine()}, {options.threads} of its threads, "
        f"copy {bandwidth() / 1e9:.1f} GB/s, {trunk.arithmetic}\n{table.HEAD}"
    )
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(trunk, Path(folder), options.repeats)
        found = _measured(bench, root, options.only, options.llama_cpp)
    if options.plots:
        _plot(found["curves"], options.plots)
    if options.json:
        rows = [row.to_dict() for row in bench.rows]
        options.json.write_text(json.dumps({"rows": rows, **found}, indent=1))


def _measured(
    bench: Bench, root: Path, only: Sequence[str], python: str | None
) -> dict[str, Any]:
    for part, measure in ROWS.items():
        if part in only:
            measure(bench)
    if "llama" in only and python:
        llama(bench, python)
    apart = prefix_loop.agreement(bench, root) if "agreement" in only else {}
    curves = {name: draw(bench) for name, draw in CURVES.items() if name in only}
    for name, series in curves.items():
        for part, curve in series.items():
            print(f"    {name} {part}", " ".join(f"{x:g}:{y:.4g}" for x, y in curve))
    return {"agreement": apart, "curves": curves}


def _plot(curves: dict[str, Any], folder: Path) -> None:
    labels = {
        "append": ("tokens of history", "milliseconds for one step more"),
        "throughput": ("runs of 128 tokens in a batch", "tokens a second"),
    }
    for name, series in curves.items():
        plot.curves(folder / f"{name}.svg", series, labels[name])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plots", type=Path)
    parser.add_argument("--llama-cpp", metavar="PYTHON")
    return parser


if __name__ == "__main__":
    main()
