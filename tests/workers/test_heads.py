"""The golden episode: a model that stops answering as it did is found out."""

from pathlib import Path

import pytest

from benchmarks import models
from scoring.errors import ModelMismatch
from scoring.prm import backbone
from scoring.prm.card import save_model
from scoring.prm.engine import Engine
from workers.heads import GOLDEN, Heads


@pytest.fixture
def engine() -> Engine:
    return Engine(backbone.tiny())


@pytest.fixture
def heads(engine: Engine, tmp_path: Path) -> Heads:
    _, sha256 = save_model(models.random(engine.trunk), engine.trunk, {}, tmp_path)
    found = Heads(engine, tmp_path)
    assert found.predict(sha256, [GOLDEN])
    return found


@pytest.mark.parametrize("anew", [False, True])
def test_a_model_in_order_proves_itself_again_and_again(
    heads: Heads, anew: bool
) -> None:
    names = heads.names
    before = heads.predict(names[0], [GOLDEN])
    for _ in range(3):
        heads.prove_again(anew=anew)
    [known], [now] = before, heads.predict(names[0], [GOLDEN])
    assert heads.names == names
    assert (now.q, now.verdicts, now.value) == (known.q, known.verdicts, known.value)


@pytest.mark.parametrize("anew", [False, True])
def test_a_head_that_changed_in_memory_is_found_out(
    heads: Heads, engine: Engine, anew: bool
) -> None:
    [sha256] = heads.names
    model = heads._model(sha256)
    model.heads["verdict"].weight.add_(1.0)  # type: ignore[union-attr]
    with pytest.raises(ModelMismatch, match="no longer answers"):
        heads.prove_again(anew=anew)
