"""A model with a trunk of its own, from training to serving."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from scoring.errors import InvalidInput, ModelMismatch
from scoring.prm.backbone import tiny
from scoring.prm.card import load_model, save_model
from scoring.prm.engine import Engine
from scoring.prm.train import TrainConfig, Trained, train
from scoring.prm.tuning.config import TuneConfig
from scoring.prm.tuning.weights import OwnTrunk, Weights
from tests.scoring.prm.stories import examples
from tests.scoring.prm.test_card import rewrite

TUNING = TuneConfig(epochs=2, batch_tokens=400, precision="float32")


@pytest.fixture(scope="module", params=["lora", "full"])
def trained(request, trunk, tmp_path_factory) -> Trained:
    config = TrainConfig(tier=request.param, epochs=20, rank=16, tuning=TUNING)
    workdir = tmp_path_factory.mktemp(request.param)
    return train(examples(), trunk, config, workdir, lambda progress: None)


def test_it_has_the_card_of_any_other_model(trained, trunk):
    card = trained.card
    assert card["metrics"]["steps"]["prm"]["auroc"] > 0.9
    assert set(card["heads"]) == {"verdict", "value"}
    assert card["tuning"]["base"] == trunk.sha256 != card["backbone"]["sha256"]
    assert card["tuning"]["tokens_per_second"] > 0


def test_the_engine_serves_it_beside_models_of_the_shared_trunk(trained, trunk):
    engine = Engine(trunk)
    model = engine.load(trained.directory)
    assert model.trunk.sha256 == trained.card["backbone"]["sha256"]
    episode = examples(3)[2].episode
    [own] = engine.predict([episode], model)
    [shared] = engine.predict([episode], replace(model, trunk=None))
    assert own.q != shared.q
    first = replace(episode, steps=episode.steps[:1])
    assert engine.predict([first], model)[0].q == own.q[:1]


def test_its_folder_holds_safetensors_and_nothing_is_left_behind(trained):
    assert {path.name for path in trained.directory.iterdir()} == {
        "model.safetensors",
        "trunk.safetensors",
        "config.json",
        "card.json",
        "manifest.json",
    }
    assert not any((trained.directory.parents[1] / "checkpoints").iterdir())


@pytest.mark.parametrize("what", ["bytes", "weights", "shape", "nan", "kind"])
def test_a_trunk_that_was_tampered_with_is_refused(what, trained, trunk, tmp_path):
    loaded = load_model(trained.directory, trunk)
    folder, _ = save_model(loaded, loaded.trunk, {}, tmp_path)
    path = folder / "trunk.safetensors"
    if what == "bytes":
        path.write_bytes(path.read_bytes()[:-1])
    elif what == "kind":
        config = json.loads((folder / "config.json").read_text())
        config["trunk"]["kind"] = "pickle"
        rewrite(folder / "config.json", json.dumps(config).encode())
    else:
        tensors = load_file(path)
        name = next(iter(tensors))
        damage = {"weights": tensors[name] + 1, "shape": tensors[name][:1]}
        tensors[name] = damage.get(what, tensors[name] * torch.nan)
        save_file(tensors, path)
        rewrite(path, path.read_bytes())
    with pytest.raises(ModelMismatch):
        load_model(folder, trunk)


def test_it_is_refused_on_another_backbone(trained):
    with pytest.raises(ModelMismatch, match="another backbone"):
        load_model(trained.directory, tiny(seed=1))


@pytest.mark.parametrize(
    "tensors",
    [
        {"layers.0.mlp.up_proj.lora_A": torch.ones(2, 32)},
        {
            "layers.0.mlp.up_proj.lora_A": torch.ones(2, 32),
            "layers.0.mlp.up_proj.lora_B": torch.ones(3, 2),
        },
    ],
)
def test_adapters_that_fit_nowhere_are_refused(tensors, trunk):
    with pytest.raises(ModelMismatch):
        OwnTrunk(trunk, Weights("lora", tensors))


def test_adapters_add_their_product_to_the_weight(trunk):
    a, b = torch.randn(2, 32), torch.randn(64, 2)
    name = "layers.1.mlp.up_proj"
    own = OwnTrunk(trunk, Weights("lora", {f"{name}.lora_A": a, f"{name}.lora_B": b}))
    before = trunk.model.get_parameter(f"{name}.weight")
    expected = (before.float() + b @ a).to(before.dtype)
    assert torch.equal(own.model.get_parameter(f"{name}.weight"), expected)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("epochs", 0),
        ("micro_tokens", "2048"),
        ("learning_rate", 2),
        ("learning_rate", float("nan")),
        ("warmup", True),
        ("precision", "int8"),
        ("gradient_checkpointing", 1),
        ("unheard", 1),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_with_a_pointer(setting, value):
    with pytest.raises(InvalidInput) as refused:
        TrainConfig.from_dict({"tier": "full", "tuning": {setting: value}})
    assert refused.value.pointer == f"/tuning/{setting}"


def test_settings_survive_json():
    config = TrainConfig(tier="lora", tuning=TUNING)
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
