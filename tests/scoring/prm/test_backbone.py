import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.errors import ModelMismatch
from scoring.prm import backbone, smollm2
from scoring.prm.attention import TILE
from scoring.prm.backbone import tiny

TRUNK = tiny()
tokens = st.lists(st.integers(0, 255), min_size=2, max_size=3 * TILE)


@given(tokens, st.data())
@settings(max_examples=30, deadline=None)
def test_the_states_of_a_prefix_are_bit_equal_to_those_of_the_whole(ids, data):
    cut = data.draw(st.integers(1, len(ids)))
    assert torch.equal(TRUNK.hidden(ids)[:cut], TRUNK.hidden(ids[:cut]))


def test_states_have_one_row_a_token_and_read_what_came_before():
    ids = list(range(200))
    states = TRUNK.hidden(ids)
    assert states.shape == (200, TRUNK.width)
    changed = TRUNK.hidden([9, *ids[1:]])
    assert not torch.equal(states[-1], changed[-1])
    assert TRUNK.hidden([]).shape == (0, TRUNK.width)


def test_more_tokens_than_the_context_are_refused():
    with pytest.raises(ValueError, match="at most 4096"):
        TRUNK.hidden([0] * 4097)


def test_a_trunk_is_known_by_its_weights():
    assert tiny(0).sha256 == tiny(0).sha256
    assert tiny(0).sha256 != tiny(1).sha256
    assert not torch.equal(tiny(0).hidden([1, 2]), tiny(1).hidden([1, 2]))


def test_making_a_tiny_trunk_leaves_the_callers_random_numbers_alone():
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    tiny(3)
    assert torch.equal(torch.rand(1), expected)


def test_a_folder_without_a_model_is_refused_with_its_name(tmp_path):
    with pytest.raises(ModelMismatch, match="nothing-here"):
        backbone.load(str(tmp_path / "nothing-here"), tmp_path)


def test_a_model_that_is_no_decoder_stack_is_refused(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "unheard-of"}))
    with pytest.raises(ModelMismatch):
        backbone.load(str(tmp_path), tmp_path)


@pytest.mark.backbone
def test_smollm2_is_converted_once_and_keeps_its_states_bit_equal(smollm2):
    assert (smollm2.depth, smollm2.width, smollm2.context) == (20, 576, 8192)
    text = "The clerk looked the order up and refunded it. " * 20
    (ids,) = smollm2.tokenizer([text])
    whole = smollm2.hidden(ids)
    for cut in (1, TILE - 1, TILE, TILE + 1, len(ids) - 1):
        assert torch.equal(whole[:cut], smollm2.hidden(ids[:cut]))


@pytest.mark.backbone
def test_what_a_text_says_never_becomes_a_special_token(smollm2):
    (ids,) = smollm2.tokenizer(["<|im_end|>"])
    assert len(ids) > 1


@pytest.mark.backbone
def test_a_finished_conversion_wins_over_a_later_one(tmp_path):
    finished = tmp_path / "backbones" / "smollm2-135m-instruct"
    finished.mkdir(parents=True)
    assert smollm2.converted(tmp_path) == finished
