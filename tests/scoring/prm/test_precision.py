import json

import pytest
import torch
from transformers import LlamaConfig

from scoring.errors import ModelMismatch
from scoring.prm import backbone, precision
from scoring.prm.precision import FILE, PRECISIONS, fastest, settled


@pytest.fixture
def folder(tmp_path):
    """The shape of a backbone: all that is measured."""
    LlamaConfig(
        vocab_size=256,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
    ).save_pretrained(tmp_path / "backbone")
    return tmp_path / "backbone"


def test_what_was_measured_once_is_kept(folder, tmp_path, monkeypatch):
    first = settled(folder, tmp_path)
    kept = json.loads((tmp_path / FILE).read_text())
    assert first == PRECISIONS[kept["precision"]]
    rates = kept["tokens_per_second_a_layer"]
    assert set(rates) == set(PRECISIONS)
    assert all(rate > 0 for rate in rates.values())
    monkeypatch.delattr(precision, "measured")
    assert settled(folder, tmp_path) == first


def test_the_first_of_two_processes_decides(folder, tmp_path, monkeypatch):
    def slower(_folder):
        (tmp_path / FILE).write_text('{"precision": "float32/fused"}')
        return dict.fromkeys(PRECISIONS, 1)

    monkeypatch.setattr(precision, "measured", slower)
    assert settled(folder, tmp_path) == PRECISIONS["float32/fused"]


def test_a_name_overrules_the_measurement_and_leaves_it_alone(folder, tmp_path):
    assert settled(folder, tmp_path, "float32/fused").dtype == torch.float32
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    ("rates", "chosen"),
    [
        ((100, 100, 100), "bfloat16/products"),
        ((100, 114, 114), "bfloat16/products"),
        ((100, 150, 160), "bfloat16/fused"),
        ((100, 90, 200), "float32/fused"),
    ],
)
def test_only_what_is_clearly_faster_displaces_what_needs_less_memory(rates, chosen):
    assert fastest(dict(zip(PRECISIONS, rates, strict=True))) == chosen


def test_a_trunk_of_another_precision_is_another_trunk():
    attentions = {precision.attention for precision in PRECISIONS.values()}
    trunks = {name: backbone.tiny(attention=name) for name in attentions}
    assert len({trunk.sha256 for trunk in trunks.values()}) == len(trunks)
    assert trunks["products"].arithmetic == "paged@1/128/products/bfloat16"
    assert trunks["fused"].arithmetic == "paged@1/128/bfloat16"


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"precision": 7}'])
def test_a_record_nobody_can_read_names_the_way_out(folder, tmp_path, text):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ModelMismatch, match=r"PACENOTE_PRECISION|bfloat16/products"):
        settled(folder, tmp_path)


def test_an_unknown_name_is_told_the_names_there_are(folder, tmp_path):
    with pytest.raises(ModelMismatch, match="float32/fused"):
        settled(folder, tmp_path, "int4")
