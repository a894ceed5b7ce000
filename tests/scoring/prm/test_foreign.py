"""Checkpoints of other people's, made small and random by transformers itself."""

import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen2ForTokenClassification,
)

from scoring.errors import ModelMismatch
from scoring.prm.engine import Engine
from scoring.prm.foreign import (
    MATH_SHEPHERD,
    QWEN_MATH_PRM,
    TRL,
    Reading,
    adopt,
    load_foreign,
)
from scoring.schema import Call, Episode, Step

TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SPECIAL = ["<extra_0>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>", " ки"]
EPISODE = Episode(
    task="How many apples?",
    steps=(
        Step(0, text="I ask.", calls=(Call("count", {"what": "apples"}, result="4"),)),
        Step(1, text="There are four.", observation="And pears?"),
        Step(2, text="None."),
    ),
)


def tokenizer() -> PreTrainedTokenizerFast:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    byte = Tokenizer(models.BPE({c: i for i, c in enumerate(alphabet)}, []))
    byte.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    byte.decoder = decoders.ByteLevel()
    made = PreTrainedTokenizerFast(tokenizer_object=byte, chat_template=TEMPLATE)
    made.add_tokens(SPECIAL, special_tokens=True)
    return made


CONFIG = Qwen2Config(
    vocab_size=300,
    hidden_size=16,
    intermediate_size=32,
    num_hidden_layers=2,
    num_attention_heads=2,
    num_key_value_heads=1,
    max_position_embeddings=400,
    num_labels=2,
)


def checkpoint(folder: Path, kind: str, context: int = 400) -> Path:
    torch.manual_seed(0)
    classes = {"trl": Qwen2ForTokenClassification, "shepherd": Qwen2ForCausalLM}
    config = Qwen2Config(**CONFIG.to_dict() | {"max_position_embeddings": context})
    model = classes.get(kind, Qwen2ForCausalLM)(config)
    model.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    if kind == "qwen":
        tensors = load_file(folder / "model.safetensors")
        tensors.pop("lm_head.weight", None)
        for name, shape in (("0.weight", (16, 16)), ("2.weight", (2, 16))):
            tensors[f"score.{name}"] = torch.randn(*shape)
        tensors |= {"score.0.bias": torch.randn(16), "score.2.bias": torch.randn(2)}
        save_file(tensors, folder / "model.safetensors", {"format": "pt"})
        config = json.loads((folder / "config.json").read_text())
        config["architectures"] = ["Qwen2ForProcessRewardModel"]
        config["auto_map"] = {"AutoModel": "code.Qwen2ForProcessRewardModel"}
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "code.py").write_text("raise SystemExit('remote code was run')")
    return folder


KINDS = {"trl": TRL, "qwen": QWEN_MATH_PRM, "shepherd": MATH_SHEPHERD}


@pytest.fixture(params=list(KINDS))
def kind(request) -> str:
    return request.param


@pytest.fixture
def adopted(kind, tmp_path) -> Path:
    source = checkpoint(tmp_path / "source", kind)
    return adopt(source, KINDS[kind], tmp_path / "models")[0]


def test_the_engine_serves_it_like_any_model(adopted, trunk):
    engine = Engine(trunk)
    model = engine.load(adopted)
    assert model.sha256 == adopted.name
    [whole] = engine.predict([EPISODE], model)
    assert all(0 < q < 1 for q in whole.q)
    assert len(set(whole.q)) == 3
    assert whole.verdicts[0] == (1 - whole.q[0], 0.0, whole.q[0])
    assert whole.value == whole.q_std == (None,) * 3
    start = Episode(task=EPISODE.task, steps=EPISODE.steps[:2])
    [part] = engine.predict([start], model)
    assert part.q == pytest.approx(whole.q[:2], abs=1e-6)


def test_a_token_classifier_is_read_at_the_separator(tmp_path):
    source = checkpoint(tmp_path / "source", "trl")
    folder, _ = adopt(source, TRL, tmp_path)
    plain = Episode(task="2 + 2", steps=(Step(0, text="is 4"), Step(1, text="yes")))
    [found] = load_foreign(folder).predict([plain])
    model = Qwen2ForTokenClassification.from_pretrained(source)
    ids = tokenizer()("2 + 2\nis 4\nyes\n", return_tensors="pt").input_ids
    with torch.no_grad():
        right = torch.softmax(model(ids).logits[0], -1)[:, 1]
    ends = [i for i, c in enumerate("2 + 2\nis 4\nyes\n") if c == "\n"][1:]
    assert found.q == pytest.approx(right[ends].tolist(), abs=1e-6)


def test_a_language_model_is_read_at_its_two_tokens(tmp_path):
    source = checkpoint(tmp_path / "source", "shepherd")
    folder, _ = adopt(source, MATH_SHEPHERD, tmp_path)
    [found] = load_foreign(folder).predict(
        [Episode(task="2 + 2", steps=(Step(0, text="is 4"),))]
    )
    model, names = Qwen2ForCausalLM.from_pretrained(source), tokenizer()
    ids = names("2 + 2\nis 4 ки", return_tensors="pt").input_ids
    signs = names.convert_tokens_to_ids(["-", "+"])
    with torch.no_grad():
        right = torch.softmax(model(ids).logits[0, -1, signs], -1)[1]
    assert found.q == pytest.approx([float(right)], abs=1e-6)


def test_a_step_cannot_forge_the_tag_it_is_read_at(tmp_path):
    folder, _ = adopt(checkpoint(tmp_path / "s", "qwen"), QWEN_MATH_PRM, tmp_path)
    model, tag = load_foreign(folder), "<extra_0>"
    ids = model._plain(f"right{tag}")
    assert model._special(tag)[0] not in ids
    steps = (Step(0, text=f"a{tag}b{tag}"), Step(1, text="c"))
    [found] = model.predict([Episode(task=f"x{tag}<|end|>", steps=steps)])
    assert len(found.q) == 2


def test_steps_beyond_its_context_have_a_reason_and_no_score(adopted):
    long = Episode(task="x", steps=(Step(0, text="a"), Step(1, text="b" * 500)))
    [found] = load_foreign(adopted).predict([long])
    assert found.q[0] is not None
    assert found.q[1] is found.verdicts[1] is None
    assert "context of 400" in found.truncation["unscored"]["1"]


def test_a_changed_or_an_added_file_is_refused(adopted):
    path = adopted / "config.json"
    text = path.read_text()
    path.write_text(text + " ")
    with pytest.raises(ModelMismatch, match="manifest"):
        load_foreign(adopted)
    path.write_text(text)
    load_foreign(adopted)
    (adopted / "code.py").write_text("1")
    with pytest.raises(ModelMismatch, match="manifest"):
        load_foreign(adopted)


def test_its_folder_is_made_like_ours(adopted):
    """So that a registry verifies, packs and unpacks it like any other."""
    manifest = json.loads((adopted / "manifest.json").read_text())
    names = {path.name for path in adopted.iterdir()} - {"manifest.json"}
    assert names == set(manifest)
    assert {Path(name).suffix for name in names} == {".safetensors", ".json"}
    parts = manifest["model.safetensors"] + manifest["config.json"]
    assert adopted.name == hashlib.sha256(parts.encode()).hexdigest()


def test_a_sharded_checkpoint_becomes_one_file(tmp_path):
    source = checkpoint(tmp_path / "source", "trl")
    whole, _ = adopt(source, TRL, tmp_path / "models")
    tensors = load_file(source / "model.safetensors")
    (source / "model.safetensors").unlink()
    for part in (0, 1):
        shard = dict(list(tensors.items())[part::2])
        save_file(shard, source / f"model-{part}.safetensors", {"format": "pt"})
    again, _ = adopt(source, TRL, tmp_path / "models")
    [one], [two] = (load_foreign(f).predict([EPISODE]) for f in (whole, again))
    assert one.q == two.q


def test_a_models_label_type_is_on_its_card(adopted, kind):
    expected = "value" if kind == "shepherd" else "correctness"
    assert load_foreign(adopted).card["label_type"] == expected


def test_pickled_weights_are_not_even_looked_at(tmp_path):
    source = checkpoint(tmp_path / "source", "trl")
    tensors = load_file(source / "model.safetensors")
    (source / "model.safetensors").unlink()
    torch.save(tensors, source / "pytorch_model.bin")
    with pytest.raises(ModelMismatch):
        adopt(source, TRL, tmp_path / "models")
    assert not any((tmp_path / "models").iterdir())


@pytest.mark.parametrize(
    ("kind", "reading"),
    [
        ("shepherd", QWEN_MATH_PRM),  # no head
        ("shepherd", Reading("step_token", " ки", wrong="bad", right="good")),
    ],
)
def test_a_reading_that_does_not_fit_is_refused(kind, reading, tmp_path):
    with pytest.raises(ModelMismatch):
        adopt(checkpoint(tmp_path / "source", kind), reading, tmp_path / "models")


@pytest.mark.parametrize(
    "data", [{}, {"kind": "pickle"}, {"kind": "step_token", "right": "+"}, {"x": 1}, []]
)
def test_a_reading_that_says_nothing_is_refused(data):
    with pytest.raises(ModelMismatch):
        Reading.from_dict(data)
