import json

import pytest
import torch

from scoring.errors import ModelMismatch
from scoring.prm.backbone import tiny
from scoring.prm.engine import Engine
from scoring.prm.portable import bring_back, export
from scoring.prm.train import TrainConfig, Trained, train
from scoring.prm.tuning.config import TuneConfig
from tests.scoring.prm.stories import examples

TUNING = TuneConfig(epochs=1, precision="float32")


@pytest.fixture(scope="module", params=["head", "lora"])
def trained(request, trunk, tmp_path_factory) -> Trained:
    config = TrainConfig(tier=request.param, epochs=10, rank=16, tuning=TUNING)
    workdir = tmp_path_factory.mktemp("portable")
    return train(examples(), trunk, config, workdir, lambda progress: None)


@pytest.fixture
def folder(trained, trunk, tmp_path):
    tokenizer = tmp_path / "tokenizer"
    tokenizer.mkdir()
    (tokenizer / "tokenizer.json").write_text("{}")
    export(trained.directory, trunk, tokenizer, tmp_path / "exported")
    return tmp_path / "exported"


def test_it_comes_back_under_its_name_with_equal_scores(
    folder, trained, trunk, tmp_path
):
    back, sha256 = bring_back(folder, trunk, tmp_path / "models")
    assert (back.name, sha256) == (trained.sha256, trained.sha256)
    engine, episodes = Engine(trunk), [e.episode for e in examples(5, seed=7)]
    before = engine.predict(episodes, engine.load(trained.directory))
    assert engine.predict(episodes, engine.load(back)) == before
    assert bring_back(folder, trunk, tmp_path / "models") == (back, sha256)


def test_transformers_reads_the_trunk_it_scores_with(folder, trained, trunk):
    from transformers import AutoModel

    plain = AutoModel.from_pretrained(folder, trust_remote_code=False, dtype="auto")
    model = Engine(trunk).load(trained.directory)
    ours = (model.trunk or trunk).model
    weights = plain.state_dict()
    assert set(weights) - set(ours.state_dict()) == {"norm.weight"}
    assert all(torch.equal(weights[k], v) for k, v in ours.state_dict().items())


def test_the_readme_is_a_model_card(folder, trained):
    text = (folder / "README.md").read_text()
    assert text.startswith("---\nlibrary_name: transformers\n")
    auroc = trained.card["metrics"]["steps"]["prm"]["auroc"]
    assert f"| prm |{auroc:.3f}|" in text
    assert "| bag_of_words |" in text
    assert trained.sha256 in text
    assert (folder / "tokenizer.json").is_file()


def test_what_was_changed_on_the_way_is_refused(folder, trunk, tmp_path):
    path = folder / "pacenote" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"max_tokens": 1}))
    with pytest.raises(ModelMismatch):
        bring_back(folder, trunk, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_another_backbone_or_another_folder_is_refused(folder, trunk, tmp_path):
    with pytest.raises(ModelMismatch, match="another backbone"):
        bring_back(folder, tiny(seed=1), tmp_path / "models")
    with pytest.raises(ModelMismatch, match="no folder pacenote"):
        bring_back(tmp_path, trunk, tmp_path / "models")


def test_nothing_is_overwritten(folder, trained, trunk):
    with pytest.raises(FileExistsError):
        export(trained.directory, trunk, folder, folder)
