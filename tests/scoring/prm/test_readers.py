import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.prm import backbone, decoder
from scoring.prm.attention import ATTENTIONS, TILE, fused, products
from scoring.prm.decoder import Decoder
from scoring.prm.invariance import settle
from scoring.prm.linear import ROWS
from scoring.prm.paged import PAGE, PagedReader
from scoring.prm.runs import Run
from scoring.prm.tiled import TiledReader

FRESH, SMALL = backbone.tiny(), backbone.tiny()
SHAPE = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1024,
}


def model(architecture: str, dtype=torch.float32, **config):
    kind = getattr(transformers, architecture)
    torch.manual_seed(0)
    made = kind(kind.config_class(**SHAPE, **config)).to(dtype)
    return backbone._cut(made, 2)


def whole(ids) -> torch.Tensor:
    """The states of a run, computed by a trunk that remembers nothing."""
    FRESH.forget()
    return FRESH.hidden(ids)


# few different tokens, so that runs begin alike
runs = st.lists(
    st.lists(st.integers(0, 1), min_size=1, max_size=3 * TILE // 2), min_size=1
)


@given(runs, st.data())
@settings(deadline=None, max_examples=15)
def test_states_are_those_of_the_run_alone_whatever_is_cached_or_read_with_it(
    batch, data
):
    trunk = SMALL
    small = -(-max(map(len, batch)) // PAGE) + data.draw(st.integers(0, 3))
    reader = trunk._reader
    reader.tree = type(reader.tree)(small, PAGE)
    order = data.draw(st.permutations(batch))
    grown = [ids[: data.draw(st.integers(1, len(ids)))] for ids in order]
    for ids, reading in zip(
        [*grown, *batch], trunk.read([Run(i) for i in [*grown, *batch]]), strict=True
    ):
        assert torch.equal(reading.states, whole(ids))


def test_a_run_that_grows_costs_its_new_tokens_only():
    trunk = backbone.tiny()
    ids = torch.randint(256, (900,)).tolist()
    for end, computed in ((100, 100), (101, 1), (101, 0), (600, 499), (50, 0)):
        (reading,) = trunk.read([Run(ids[:end], start=end // 2)])
        assert reading.computed == computed
        assert torch.equal(reading.states, whole(ids[:end])[end // 2 :])


def test_what_is_forgotten_is_computed_again():
    trunk = backbone.tiny()
    trunk.hidden([1, 2, 3])
    trunk.forget()
    (reading,) = trunk.read([Run([1, 2, 3])])
    assert reading.computed == 3


def test_what_a_batch_shares_is_computed_once():
    prompt = list(range(150))
    answers = [[*prompt, 200 + i, *range(20)] for i in range(4)]
    readings = list(backbone.tiny().read([Run(ids) for ids in answers]))
    assert [reading.computed for reading in readings] == [171, 21, 21, 21]


def test_runs_longer_than_a_pack_and_batches_larger_than_the_cache(monkeypatch):
    monkeypatch.setattr("scoring.prm.paged.PACK", 100)
    trunk = backbone.tiny()
    trunk._reader.tree = type(trunk._reader.tree)(8, PAGE)
    batch = [torch.randint(256, (n,)).tolist() for n in (500, 30, 260, 90, 512)]
    for ids, reading in zip(batch, trunk.read([Run(i) for i in batch]), strict=True):
        assert torch.equal(reading.states, whole(ids))


def test_a_reading_that_is_abandoned_leaves_nothing_half_done():
    trunk = backbone.tiny()
    readings = trunk.read([Run([1, 2, 3]), Run([4, 5])])
    next(readings)
    readings.close()
    assert torch.equal(trunk.hidden([1, 2, 3]), whole([1, 2, 3]))


def test_numbers_that_are_none_stop_the_reading_and_leave_the_cache_clean():
    llama = model("LlamaModel")
    llama.embed_tokens.weight[7] = torch.nan
    reader = PagedReader(Decoder(llama, fused), 1024, 1 << 20)
    with pytest.raises(FloatingPointError):
        list(reader.read([Run([1, 2]), Run([7])]))
    (reading,) = reader.read([Run([1, 2, 3])])
    assert reading.states.isfinite().all()


def test_nor_does_the_models_own_code_give_any():
    theirs = model("StableLmModel")
    theirs.embed_tokens.weight[7] = torch.nan
    with pytest.raises(FloatingPointError):
        list(TiledReader(theirs).read([Run([1, 7])]))


@pytest.mark.parametrize(
    ("architecture", "config"),
    [
        ("LlamaModel", {}),
        ("LlamaModel", {"attention_bias": True, "head_dim": 16}),
        ("MistralModel", {"sliding_window": None}),
        ("Qwen2Model", {}),
        ("Qwen3Model", {"head_dim": 8}),
    ],
)
@pytest.mark.parametrize("attend", ATTENTIONS.values())
def test_our_forward_pass_computes_what_transformers_computes(
    architecture, config, attend
):
    theirs = model(architecture, **config)
    assert decoder.fits(theirs)
    ids = torch.randint(64, (300,)).tolist()
    expected = theirs(torch.tensor([ids])).last_hidden_state[0]
    reader = PagedReader(Decoder(theirs, attend), 1024, 1 << 20)
    (reading,) = reader.read([Run(ids)])
    torch.testing.assert_close(reading.states, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("architecture", "config"),
    [
        ("StableLmModel", {}),
        ("MistralModel", {"sliding_window": 8}),
        ("LlamaModel", {"hidden_act": "gelu"}),
    ],
)
def test_what_we_do_not_compute_is_read_by_the_models_own_code(architecture, config):
    theirs = model(architecture, **config)
    assert not decoder.fits(theirs)
    ids = torch.randint(64, (200,)).tolist()
    expected = theirs(torch.tensor([ids])).last_hidden_state[0]
    (reading,) = TiledReader(theirs).read([Run(ids, start=3)])
    torch.testing.assert_close(reading.states, expected[3:], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("dtype", "attend"),
    [
        (torch.float32, fused),
        (torch.bfloat16, fused),
        (torch.bfloat16, products),
    ],
)
def test_fixed_shapes_are_as_exact_where_rows_depend_on_their_number(dtype, attend):
    fixed = Decoder(model("LlamaModel", dtype), attend)
    fixed.rows, fixed.queries = ROWS, TILE
    reader = PagedReader(fixed, 1024, 1 << 20)
    ids = torch.randint(64, (700,)).tolist()
    ((once),) = reader.read([Run(ids)])
    reader.forget()
    for end in (3, 130, 131, 640, 700):
        ((grown),) = reader.read([Run(ids[:end])])
        assert torch.equal(grown.states, once.states[:end])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_gpu_gives_states_of_the_same_shape_and_nearly_the_same_numbers():
    ids = torch.randint(64, (300,)).tolist()
    on_cpu, on_gpu = (
        next(
            iter(PagedReader(Decoder(one, fused), 1024, 1 << 20).read([Run(ids)]))
        ).states
        for one in (model("LlamaModel"), model("LlamaModel").cuda())
    )
    torch.testing.assert_close(on_gpu, on_cpu, rtol=1e-2, atol=1e-3)


@pytest.mark.backbone
def test_the_real_trunk_grows_bit_by_bit_and_agrees_with_transformers(
    smollm2, tmp_path_factory
):
    from tests.scoring.prm.conftest import backbone_root

    (ids,) = smollm2.tokenizer(["The clerk looked order 7 up and refunded it. " * 40])
    ids = ids[:400]
    once = smollm2.hidden(ids)
    smollm2.forget()
    for end in (1, 63, 64, 129, 131, 300, 400):
        assert torch.equal(smollm2.hidden(ids[:end]), once[:end])
    folder = backbone_root(tmp_path_factory) / "backbones" / "smollm2-135m-instruct"
    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.bfloat16)
    theirs = backbone._cut(model, 20)
    with torch.inference_mode():
        rounded = theirs(torch.tensor([ids])).last_hidden_state[0]
        exact = theirs.float()(torch.tensor([ids])).last_hidden_state[0]
    ours, peer = (_error(states, exact) for states in (once, rounded))
    assert ours < 1.2 * peer < 0.05


@pytest.mark.parametrize("attend", ATTENTIONS.values())
def test_a_grown_run_is_bit_equal_under_either_attention(attend):
    decoder = Decoder(model("LlamaModel", torch.bfloat16), attend)
    settle(decoder)
    reader = PagedReader(decoder, 1024, 1 << 20)
    ids = torch.randint(64, (700,)).tolist()
    (once,) = reader.read([Run(ids)])
    reader.forget()
    for end in (3, 130, 131, 640, 700):
        (grown,) = reader.read([Run(ids[:end])])
        assert torch.equal(grown.states, once.states[:end])


def _error(states: torch.Tensor, exact: torch.Tensor) -> float:
    """Relative norm, the median over positions."""
    return float(((states - exact).norm(dim=1) / exact.norm(dim=1)).median())
