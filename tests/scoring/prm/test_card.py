import json
import random
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from scoring.errors import ModelMismatch
from scoring.prm.backbone import tiny
from scoring.prm.card import Model, load_model, save_model
from scoring.prm.heads import Head
from scoring.prm.mixing import HIDDEN, Judge, Mixer, Words, width
from scoring.prm.readout import VIEWS, Basis
from scoring.prm.words import BUCKETS

F = width("verdict")


@pytest.fixture
def model(trunk) -> Model:
    basis = Basis(torch.zeros(trunk.width), torch.ones(trunk.width, 4))
    weight = torch.randn(2, VIEWS * 4, 3, generator=torch.Generator().manual_seed(0))
    head = Head(torch.ones(4), weight, torch.zeros(2, 3), torch.ones(1))
    return Model(basis, {"verdict": head}, trunk.context, {"verdict": judge()})


def judge() -> Judge:
    """Of two members that say nothing."""
    shapes = {
        "centre": (F,),
        "scale": (F,),
        "hidden": (2, F, HIDDEN),
        "shift": (2, HIDDEN),
        "out": (2, HIDDEN, 3),
        "straight": (2, F, 3),
        "bias": (2, 3),
        "temperature": (1,),
    }
    mixer = Mixer(**{name: torch.ones(shape) for name, shape in shapes.items()})
    return Judge(Words(*map(torch.ones, (BUCKETS, (BUCKETS, 3), 3))), mixer)


@pytest.fixture
def folder(model, trunk, tmp_path) -> Path:
    return save_model(model, trunk, {"seconds": 1.5}, tmp_path)[0]


def rewrite(path: Path, data: bytes) -> None:
    """Change a file and the manifest with it, as somebody who knows how would."""
    import hashlib

    path.write_bytes(data)
    manifest = path.parent / "manifest.json"
    hashes = json.loads(manifest.read_text())
    hashes[path.name] = hashlib.sha256(data).hexdigest()
    manifest.write_text(json.dumps(hashes))


def test_a_model_comes_back_as_it_was_saved(model, folder, trunk):
    loaded = load_model(folder, trunk)
    assert folder.name == loaded.sha256
    assert loaded.card == {"seconds": 1.5}
    saved, head = model.heads["verdict"], loaded.heads["verdict"]
    assert torch.equal(head.weight, saved.weight)
    assert torch.equal(loaded.basis.projection, model.basis.projection)


def test_the_name_is_of_the_weights_and_not_of_the_card(model, trunk, tmp_path):
    _, first = save_model(model, trunk, {"seconds": 1}, tmp_path)
    folder, second = save_model(model, trunk, {"seconds": 2}, tmp_path)
    assert first == second
    assert load_model(folder, trunk).card == {"seconds": 2}
    assert [path.name for path in tmp_path.iterdir()] == [first]


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "card.json"])
def test_a_changed_file_is_refused(name, folder, trunk):
    data = bytearray((folder / name).read_bytes())
    data[-2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(ModelMismatch, match=name):
        load_model(folder, trunk)


def test_a_hundred_flipped_bits_are_a_hundred_refusals(folder, trunk):
    chance, paths = random.Random(0), sorted(folder.iterdir())
    for _ in range(100):
        path = chance.choice(paths)
        whole = path.read_bytes()
        bit = chance.randrange(8 * len(whole))
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        with pytest.raises(ModelMismatch):
            load_model(folder, trunk)
        path.write_bytes(whole)
    assert load_model(folder, trunk).sha256 == folder.name


@pytest.mark.parametrize(
    "name", ["model.safetensors", "config.json", "card.json", "manifest.json"]
)
def test_a_missing_file_is_refused(name, folder, trunk):
    (folder / name).unlink()
    with pytest.raises(ModelMismatch, match=name):
        load_model(folder, trunk)


def test_another_backbone_is_refused(folder):
    with pytest.raises(ModelMismatch, match="another backbone"):
        load_model(folder, tiny(1))


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("format", "other@1", "format"),
        ("template", "0" * 64, "template"),
        ("heads", ["value"], "no verdict head"),
        ("heads", ["verdict", "psychic"], "heads we don't know"),
        ("max_tokens", 10**9, "context"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(key, value, reason, folder, trunk):
    config = json.loads((folder / "config.json").read_text())
    rewrite(folder / "config.json", json.dumps(config | {key: value}).encode())
    with pytest.raises(ModelMismatch, match=reason):
        load_model(folder, trunk)


@pytest.mark.parametrize(
    ("name", "tensor"),
    [
        ("verdict.weight", torch.zeros(2, 5, 3)),
        ("verdict.bias", torch.full((2, 3), torch.nan)),
        ("basis.mean", torch.zeros(7)),
        ("verdict.query", None),
        ("verdict.judge.words.weight", torch.zeros(8, 3)),
        ("verdict.judge.mixer.bias", torch.full((2, 3), torch.inf)),
        ("verdict.judge.mixer.hidden", None),
    ],
)
def test_tensors_that_do_not_fit_are_refused(name, tensor, folder, trunk, tmp_path):
    tensors = load_file(folder / "model.safetensors") | {name: tensor}
    kept = {key: value for key, value in tensors.items() if value is not None}
    save_file(kept, tmp_path / "changed")
    rewrite(folder / "model.safetensors", (tmp_path / "changed").read_bytes())
    with pytest.raises(ModelMismatch):
        load_model(folder, trunk)


@pytest.mark.parametrize("data", [b"", b"\x80\x04K\x01.", b"\xff" * 8 + b"{}"])
def test_what_is_no_safetensors_file_is_refused(data, folder, trunk):
    rewrite(folder / "model.safetensors", data)
    with pytest.raises(ModelMismatch):
        load_model(folder, trunk)


@pytest.mark.parametrize("text", ["[]", "{", '{"other.bin": "0"}'])
def test_a_manifest_that_is_none_is_refused(text, folder, trunk):
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ModelMismatch, match=r"manifest\.json"):
        load_model(folder, trunk)
