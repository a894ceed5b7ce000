"""The number type and the way of attending that this machine reads fastest with.

Measured when a backbone is first loaded, on one layer of its shape, written down in
`precision.json` beside the data, and kept: the last bits of a state hang on it, so it
is part of the trunk's hash, and reward models of another precision are refused. Only a
name set on purpose changes it.

Eight-bit integers are no candidate: docs/prm.md has the figures.
"""

import json
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from scoring import strictjson
from scoring.errors import ModelMismatch, UnreadableFile
from scoring.prm import decoder, invariance
from scoring.prm.attention import ATTENTIONS
from scoring.prm.decoder import Decoder
from scoring.prm.device import CPU
from scoring.prm.paged import PagedReader
from scoring.prm.runs import Reader, Run
from scoring.prm.tiled import TiledReader

FILE = "precision.json"
TOKENS = 512  # of the run that is timed
ROUNDS = 5
# a candidate must be this much faster than those before it: float32 takes twice the
# memory, and a tie must not be decided by noise
CLEARLY = 1.15


@dataclass(frozen=True, slots=True)
class Precision:
    """A number type, and one of `attention.ATTENTIONS` (used by our own decoder)."""

    dtype: torch.dtype
    attention: str


PRECISIONS: Mapping[str, Precision] = {
    "bfloat16/products": Precision(torch.bfloat16, "products"),
    "bfloat16/fused": Precision(torch.bfloat16, "fused"),
    "float32/fused": Precision(torch.float32, "fused"),
}


def settled(
    folder: Path, root: Path, wanted: str | None = None, place: torch.device = CPU
) -> Precision:
    """The precision called `wanted`; without a name the one kept under `root`, measured
    now for the backbone in `folder` if there is none yet. What is kept speaks of CPUs:
    on a GPU it is the fused kernel, and bfloat16 where the GPU knows it.

    Raises:
        ModelMismatch: nothing is called that.
    """
    name = wanted or (_kept(root / FILE) if place == CPU else _of_gpu())
    if name is None:
        rates = measured(folder)
        found = {"precision": fastest(rates), "tokens_per_second_a_layer": rates}
        name = _keep(root / FILE, found)
    if name not in PRECISIONS:
        names = ", ".join(PRECISIONS)
        raise ModelMismatch(f"no precision is called {name!r:.80}; there are {names}")
    return PRECISIONS[name]


def measured(folder: Path) -> dict[str, int]:
    """Tokens a second through one layer of the backbone's shape, by precision."""
    readers = {name: _probe(folder, one) for name, one in PRECISIONS.items()}
    best = dict.fromkeys(readers, float("inf"))
    for _ in range(ROUNDS):  # in turn: a machine's speed wanders
        for name, one in readers.items():
            best[name] = min(best[name], _seconds(one))
    return {name: round(TOKENS / seconds) for name, seconds in best.items()}


def fastest(rates: Mapping[str, float]) -> str:
    """The first candidate that no later one beats clearly."""
    chosen, *others = PRECISIONS
    for name in others:
        if rates[name] > CLEARLY * rates[chosen]:
            chosen = name
    return chosen


def reader(model: Any, attention: str, context: int, cache_bytes: int) -> Reader:
    """Our own reader where it fits, the model's own code elsewhere."""
    if not decoder.fits(model):
        return TiledReader(model)
    own = Decoder(model, ATTENTIONS[attention])
    invariance.settle(own)
    return PagedReader(own, context, cache_bytes)


def _of_gpu() -> str:
    native = torch.cuda.is_bf16_supported(including_emulation=False)
    return "bfloat16/fused" if native else "float32/fused"


def _probe(folder: Path, precision: Precision) -> Reader:
    """A reader of one layer with random weights and few words."""
    from transformers import AutoConfig, AutoModel

    config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    config.num_hidden_layers, config.vocab_size = 1, 256
    config.pad_token_id = None
    if getattr(config, "layer_types", None):
        config.layer_types = config.layer_types[:1]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = AutoModel.from_config(config, dtype=precision.dtype)
    model = model.eval().requires_grad_(False)
    return reader(model, precision.attention, TOKENS, 1)


def _seconds(probe: Reader) -> float:
    probe.forget()
    started = time.perf_counter()
    list(probe.read([Run([n % 256 for n in range(TOKENS)])]))
    return time.perf_counter() - started


def _kept(path: Path) -> str | None:
    try:
        name = strictjson.loads(path.read_text(encoding="utf-8"))["precision"]
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, UnreadableFile, LookupError, TypeError):
        raise ModelMismatch(
            f"{path.name} can't be read: set PACENOTE_PRECISION"
        ) from None
    return str(name)


def _keep(path: Path, found: Mapping[str, Any]) -> str:
    """What is kept: two processes may have measured at once, the first one decides."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()
    return _kept(path) or str(found["precision"])
