"""What must hold on every device; `test_device.py` runs it in a process of its own."""

import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from scoring.prm import backbone, foreign, portable
from scoring.prm.attention import fused
from scoring.prm.decoder import Decoder
from scoring.prm.encode import encode
from scoring.prm.engine import Engine
from scoring.prm.features import FeatureStore, extract, keys
from scoring.prm.paged import PACK, PagedReader
from scoring.prm.runs import Run
from scoring.prm.tiled import TiledReader
from scoring.prm.train import TrainConfig, train
from scoring.prm.tuning.config import TuneConfig
from scoring.schema import Episode
from tests.scoring.prm.stories import examples
from tests.scoring.prm.test_foreign import EPISODE, KINDS, checkpoint
from tests.scoring.prm.test_readers import model

CPU = torch.device("cpu")
DEVICE = torch.device(os.environ["PACENOTE_TEST_DEVICE"])
# another device sums in another order; the one made of the CPU does not
CLOSE = (
    {"rtol": 2e-2, "atol": 2e-2} if DEVICE.type == "cuda" else {"rtol": 0, "atol": 0}
)


@pytest.fixture(scope="module")
def trunk() -> backbone.Trunk:
    return backbone.tiny(attention="fused", place=DEVICE)


def test_its_states_come_back_to_the_cpu_and_are_those_of_a_cpu(trunk) -> None:
    assert trunk.device.type == DEVICE.type
    assert f"/{DEVICE.type}/" in trunk.arithmetic
    here = backbone.tiny(attention="fused")
    assert here.sha256 != trunk.sha256
    trunk.forget()
    batch = [[*range(150), *range(n)] for n in (3, 90, 200)]
    readings = zip(
        trunk.read([Run(ids, 5) for ids in batch]),
        here.read([Run(ids, 5) for ids in batch]),
        strict=True,
    )
    for there, expected in readings:
        assert there.states.device == CPU
        assert there.computed == expected.computed
        torch.testing.assert_close(there.states, expected.states, **CLOSE)


def test_a_run_that_grows_is_bit_equal_and_costs_its_new_tokens(trunk) -> None:
    ids = [n * 7 % 256 for n in range(400)]
    trunk.forget()
    once = trunk.hidden(ids)
    trunk.forget()
    for end, computed in ((130, 130), (131, 1), (300, 169), (400, 100)):
        (reading,) = trunk.read([Run(ids[:end])])
        assert reading.computed == computed
        assert torch.equal(reading.states, once[:end])


def test_features_are_read_in_packs_and_are_those_of_each_run_alone(
    trunk, tmp_path: Path
) -> None:
    encoded = [encode(e.episode, trunk.tokenizer, trunk.context) for e in examples(150)]
    store, done = FeatureStore(tmp_path), list[int]()
    extract(encoded, trunk, store, done.append)
    tokens = [len(one.token_ids) for one in encoded]
    assert done[-1] == sum(tokens)
    assert len(done) == -(-sum(tokens) // PACK) < len(encoded)
    for one in (encoded[0], encoded[-1]):
        states = trunk.hidden(one.token_ids)
        for kept, span in zip(store.read(keys(one, trunk)), one.spans, strict=True):
            assert torch.equal(kept, states[slice(*span)])


@pytest.mark.parametrize("architecture", ["Qwen3Model", "StableLmModel"])
def test_every_reader_computes_what_transformers_computes(architecture) -> None:
    theirs = model(architecture)
    ids = torch.randint(64, (200,)).tolist()
    expected = theirs(torch.tensor([ids])).last_hidden_state[0]
    moved = theirs.to(DEVICE)
    ours = architecture == "Qwen3Model"
    paged = PagedReader(Decoder(moved, fused), 1024, 1 << 20) if ours else None
    (reading,) = (paged or TiledReader(moved)).read([Run(ids, 3)])
    assert reading.states.device == CPU
    torch.testing.assert_close(reading.states, expected[3:], rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("tier", ["head", "lora", "full"])
def test_every_tier_trains_there_and_its_model_serves_there(
    tier, trunk, tmp_path: Path
) -> None:
    tuning = TuneConfig(epochs=1, batch_tokens=400, precision="float32")
    config = TrainConfig(tier=tier, epochs=4, members=2, rank=8, tuning=tuning)
    trained = train(examples(), trunk, config, tmp_path, lambda progress: None)
    if tier != "head":
        assert trained.card["tuning"]["device"].startswith(DEVICE.type)
    engine = Engine(trunk)
    made = engine.load(trained.directory)
    whole = next(e.episode for e in examples() if len(e.episode.steps) == 4)
    scored = [
        engine.predict([Episode(task=whole.task, steps=whole.steps[:end])], made)[0].q
        for end in (1, 2, 4)
    ]
    engine.forget()
    [again] = engine.predict([whole], made)
    assert [again.q[:1], again.q[:2], again.q] == scored
    assert all(0 <= q <= 1 for q in again.q)

    portable.export(trained.directory, trunk, tmp_path, tmp_path / "out")
    folder, sha256 = portable.bring_back(tmp_path / "out", trunk, tmp_path / "back")
    assert (folder.name, sha256) == (trained.sha256, trained.sha256)
    weights = load_file(tmp_path / "out" / "model.safetensors")
    own = (made.trunk or trunk).model.embed_tokens.weight
    assert torch.equal(weights["embed_tokens.weight"], own.cpu())


@pytest.mark.parametrize("kind", KINDS)
def test_other_peoples_models_serve_there(kind, trunk, tmp_path: Path) -> None:
    source = checkpoint(tmp_path / "source", kind)
    folder, _ = foreign.adopt(source, KINDS[kind], tmp_path / "models")
    [expected] = foreign.load_foreign(folder).predict([EPISODE])
    engine = Engine(trunk)
    [found] = engine.predict([EPISODE], engine.load(folder))
    assert found.q == pytest.approx(expected.q, abs=1e-3)
