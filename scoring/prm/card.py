"""A reward model as a folder: model.safetensors, config.json, card.json, manifest.json,
and trunk.safetensors where training moved the trunk as well.

The folder is named by the SHA-256 of weights and config, and the manifest holds that of
every file. Nothing is loaded that doesn't add up, and nothing is ever unpickled.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from scoring import strictjson
from scoring.detection import AXES
from scoring.errors import ModelMismatch, TrainingDiverged, UnreadableFile
from scoring.prm.backbone import Trunk
from scoring.prm.encode import template_hash
from scoring.prm.heads import CLASSES, Head
from scoring.prm.mixing import HEARS, Judge, width
from scoring.prm.readout import VIEWS, Basis
from scoring.prm.tuning.weights import OwnTrunk, Weights

FORMAT = "pacenote/reward-model@2"
MAX_BYTES = 1 << 30

MAX_TRUNK_BYTES = 1 << 37

_FILES = ("model.safetensors", "config.json", "card.json")
_TRUNK = "trunk.safetensors"


@dataclass(frozen=True, slots=True)
class Model:
    """A trained reward model in memory. `sha256` names weights and config, `card` holds
    what was measured; `max_tokens` is the longest input it was trained on; `bars` the
    probability from which each social head may charge (None: never); `trunk` its own
    one, None where it reads with the installation's."""

    basis: Basis
    heads: Mapping[str, Head]
    max_tokens: int
    judges: Mapping[str, Judge] = field(default_factory=dict)
    bars: Mapping[str, float | None] = field(default_factory=dict)
    sha256: str = ""
    card: Mapping[str, Any] = field(default_factory=dict)
    trunk: Trunk | None = None


def save_model(
    model: Model, trunk: Trunk, card: Mapping[str, Any], parent: Path
) -> tuple[Path, str]:
    """Write the model into a new folder of `parent`, atomically; (folder, sha256).

    Raises:
        TrainingDiverged: it holds numbers that are not finite.
    """
    tensors = _tensors(model)
    for name, tensor in tensors.items():
        if not bool(tensor.isfinite().all()):
            raise TrainingDiverged(f"{name} holds numbers that are not finite")
    config: dict[str, Any] = {
        "format": FORMAT,
        "backbone": trunk.sha256,
        "template": template_hash(),
        "max_tokens": model.max_tokens,
        "heads": sorted(model.heads),
        "bars": dict(model.bars),
    }
    contents = dict[str, bytes]()
    if isinstance(trunk, OwnTrunk):
        own = trunk.weights
        config["backbone"] = trunk.base_sha256
        config["trunk"] = {"kind": own.kind, "sha256": own.sha256}
        contents[_TRUNK] = save(dict(own.tensors))
    contents |= {
        "model.safetensors": save(tensors),
        "config.json": _json(config),
        "card.json": _json(card),
    }
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    contents["manifest.json"] = _json(hashes)
    sha256 = identity(hashes)
    return _publish(contents, parent / sha256), sha256


def load_model(directory: Path, trunk: Trunk) -> Model:
    """Load a model for `trunk`.

    Raises:
        ModelMismatch: files missing, changed or too large; made for another backbone or
            template; tensors that don't fit together.
    """
    hashes = _manifest(directory)
    for name in hashes:
        if _sha256(directory / name) != hashes[name]:
            raise ModelMismatch(f"{name} is not the file its manifest speaks of")
    config = _read(directory / "config.json")
    _check_config(config, trunk)
    own = _own_trunk(directory, config, hashes, trunk)
    tensors = _tensors_of(directory / "model.safetensors")
    basis, heads = _assemble(tensors, config["heads"], trunk.width)
    return Model(
        basis,
        heads,
        config["max_tokens"],
        bars=config["bars"],
        judges=_judges(tensors, heads),
        sha256=identity(hashes),
        card=_read(directory / "card.json"),
        trunk=own,
    )


def _own_trunk(
    directory: Path, config: Mapping[str, Any], hashes: Mapping[str, str], base: Trunk
) -> OwnTrunk | None:
    named = config.get("trunk")
    if (named is None) != (_TRUNK not in hashes):
        raise ModelMismatch(
            "config and manifest disagree on a trunk of the model's own"
        )
    if named is None:
        return None
    if not isinstance(named, dict):
        raise ModelMismatch("config.json does not say what the trunk's weights are")
    weights = Weights(named.get("kind", ""), _tensors_of(directory / _TRUNK))
    if weights.sha256 != named.get("sha256"):
        raise ModelMismatch("the trunk's weights are not those config.json speaks of")
    return OwnTrunk(base, weights)


def _tensors_of(path: Path) -> dict[str, Tensor]:
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelMismatch(f"{path.name} can't be read: {error}") from error
    return tensors


def _tensors(model: Model) -> dict[str, Tensor]:
    tensors = {
        "basis.mean": model.basis.mean,
        "basis.projection": model.basis.projection,
    }
    for name, head in model.heads.items():
        tensors |= {f"{name}.{key}": tensor for key, tensor in head.tensors().items()}
    for name, judge in model.judges.items():
        parts = judge.tensors().items()
        tensors |= {f"{name}.judge.{key}": tensor for key, tensor in parts}
    return tensors


def _assemble(
    tensors: Mapping[str, Tensor], names: list[str], width: int
) -> tuple[Basis, dict[str, Head]]:
    try:
        basis = Basis(tensors["basis.mean"], tensors["basis.projection"])
        heads = {
            name: Head(
                query=tensors[f"{name}.query"],
                weight=tensors[f"{name}.weight"],
                bias=tensors[f"{name}.bias"],
                temperature=tensors[f"{name}.temperature"],
            )
            for name in names
        }
    except KeyError as error:
        raise ModelMismatch(f"the tensor {error} is missing") from error
    if basis.mean.shape != (width,) or basis.projection.shape != (width, basis.rank):
        raise ModelMismatch("the basis does not fit the backbone's width")
    for name, head in heads.items():
        _check_head(name, head, basis.rank)
    return basis, heads


def _judges(
    tensors: Mapping[str, Tensor], heads: Mapping[str, Head]
) -> dict[str, Judge]:
    try:
        judges = {
            name: Judge.from_tensors(tensors, f"{name}.judge.")
            for name in HEARS
            if name in heads
        }
    except KeyError as error:
        raise ModelMismatch(f"the tensor {error} is missing") from error
    for name, judge in judges.items():
        shapes = [tuple(tensor.shape) for tensor in judge.tensors().values()]
        if shapes != judge.shapes(len(CLASSES[name]), width(name)):
            raise ModelMismatch(f"the {name} judge has tensors of unexpected shapes")
        if not all(bool(t.isfinite().all()) for t in judge.tensors().values()):
            raise ModelMismatch(f"the {name} judge holds numbers that are not finite")
    return judges


def _check_head(name: str, head: Head, rank: int) -> None:
    members, classes = len(head.weight), len(CLASSES[name])
    shapes = [tuple(tensor.shape) for tensor in head.tensors().values()]
    expected = [(rank,), (members, VIEWS * rank, classes), (members, classes), (1,)]
    if shapes != expected or not members:
        raise ModelMismatch(f"the {name} head has tensors of unexpected shapes")
    if not all(bool(tensor.isfinite().all()) for tensor in head.tensors().values()):
        raise ModelMismatch(f"the {name} head holds numbers that are not finite")


def _check_config(config: Mapping[str, Any], trunk: Trunk) -> None:
    if config.get("format") != FORMAT:
        raise ModelMismatch(f"expected a model of the format {FORMAT}")
    if config.get("backbone") != trunk.sha256:
        raise ModelMismatch(
            "the model was trained on another backbone, under another precision or on "
            f"another kind of device (here: {trunk.arithmetic})"
        )
    if config.get("template") != template_hash():
        raise ModelMismatch("the model was trained under another template")
    heads, tokens = config.get("heads"), config.get("max_tokens")
    if not isinstance(heads, list) or "verdict" not in heads or set(heads) - {*CLASSES}:
        raise ModelMismatch("the model names heads we don't know, or no verdict head")
    _check_bars(config.get("bars"), heads)
    if not isinstance(tokens, int) or not 0 < tokens <= trunk.context:
        raise ModelMismatch(
            "the model's longest input is beyond the backbone's context"
        )


def _check_bars(bars: Any, heads: list[str]) -> None:
    if not isinstance(bars, dict) or set(bars) != set(heads) & {*AXES}:
        raise ModelMismatch("the model does not say what its social heads may charge")
    if not all(b is None or (type(b) is float and 0 < b <= 1) for b in bars.values()):
        raise ModelMismatch("a bar of a social head is no probability")


def _manifest(directory: Path) -> dict[str, str]:
    hashes = _read(directory / "manifest.json")
    if set(hashes) - {_TRUNK} != set(_FILES):
        raise ModelMismatch("manifest.json does not name the files of a model")
    return hashes


def _read(path: Path) -> dict[str, Any]:
    try:
        value = strictjson.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, UnreadableFile) as error:
        raise ModelMismatch(f"{path.name} can't be read: {error}") from error
    if not isinstance(value, dict):
        raise ModelMismatch(f"{path.name} is no JSON object")
    return value


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            most = MAX_TRUNK_BYTES if path.name == _TRUNK else MAX_BYTES
            if path.stat().st_size > most:
                raise ModelMismatch(f"{path.name} is larger than a model's can be")
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelMismatch(f"{path.name} can't be read: {error}") from error


def identity(hashes: Mapping[str, str]) -> str:
    """Weights and config make the model; the card only describes it."""
    text = hashes["model.safetensors"] + hashes["config.json"]
    return hashlib.sha256(text.encode()).hexdigest()


def _publish(contents: Mapping[str, bytes], folder: Path) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".saving-", dir=folder.parent))
    for name, data in contents.items():
        (temporary / name).write_bytes(data)
    # the same weights were saved before: the newer card describes them as well
    shutil.rmtree(folder, ignore_errors=True)
    temporary.rename(folder)
    return folder


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True, allow_nan=False).encode()
