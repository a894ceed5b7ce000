"""Other people's process reward models behind the Prediction of ours.

Two families are read, from safetensors alone and with transformers' own classes only
(never code of the checkpoint's):

token_classification   `AutoModelForTokenClassification` with the labels [wrong, right],
                       read at the last token of a step's separator (TRL's PRMTrainer)
step_token             a tag after every step, read at the tag: a two-way head `score`
                       (Qwen2.5-Math-PRM), or two tokens of a language model's head
                       (Math-Shepherd)

A checkpoint is adopted into a model folder like our own (flat, named by weights and
config, with a card and a manifest), and from then on loaded, proven, promoted and sent
around like any other model. It knows right from wrong only: no neutral
verdict, no V_t, no spread. One pass an episode, not tiled: scores of a prefix equal
those of the whole to rounding, not bit by bit.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import torch

from scoring import strictjson
from scoring.errors import ModelMismatch, UnreadableFile
from scoring.prm import checkpoint
from scoring.prm.card import identity
from scoring.prm.device import CPU
from scoring.prm.encode import own_words
from scoring.schema import Episode, Prediction, Step

FORMAT = "pacenote/foreign-model@1"
_OURS = "pacenote"  # our key in the checkpoint's config.json
_TOKENIZER = ("tokenizer.json", "tokenizer_config.json")

Kind = Literal["token_classification", "step_token"]


@dataclass(frozen=True, slots=True)
class Reading:
    """How a checkpoint wants its steps.

    `separator` follows every step and is where it is read; `wrong` and `right` are the
    tokens of a language model's head ("" where the checkpoint has a head of two);
    `chat`: the task is a user's turn under the tokenizer's template, with `system`;
    `label_type`: whether it was trained on right and wrong or on rollouts.
    """

    kind: Kind
    separator: str = "\n"
    wrong: str = ""
    right: str = ""
    chat: bool = False
    system: str = ""
    label_type: Literal["correctness", "value"] = "correctness"

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ModelMismatch(f"no reading of the kind {str(self.kind)[:80]!r}")
        if not all(isinstance(text, str) for text in self._texts) or not self.separator:
            raise ModelMismatch("a reading needs a separator, and texts throughout")
        if self.label_type not in ("correctness", "value"):
            raise ModelMismatch("a label type is correctness or value")
        if bool(self.wrong) != bool(self.right):
            raise ModelMismatch("a reading names both tokens or none")

    @property
    def _texts(self) -> tuple[object, ...]:
        return self.separator, self.wrong, self.right, self.system

    @classmethod
    def from_dict(cls, data: Any) -> "Reading":
        if not isinstance(data, Mapping) or set(data) - set(cls.__slots__):
            raise ModelMismatch("the reading has settings we don't know")
        return cls(**{"kind": None, **data})


TRL = Reading("token_classification")
QWEN_MATH_PRM = Reading(
    "step_token",
    separator="<extra_0>",
    chat=True,
    system="Please reason step by step, and put your final answer within \\boxed{}.",
)
MATH_SHEPHERD = Reading(
    "step_token", separator=" ки", wrong="-", right="+", label_type="value"
)


class Foreign:
    """An adopted checkpoint in memory; `sha256` names it, `card` says what is known."""

    def __init__(
        self,
        directory: Path,
        reading: Reading,
        sha256: str,
        card: Mapping[str, Any],
        device: torch.device = CPU,
    ) -> None:
        from transformers import AutoTokenizer

        self.sha256, self.card, self.reading = sha256, card, reading
        self._tokenizer = AutoTokenizer.from_pretrained(
            directory, trust_remote_code=False
        )
        signs = reading.wrong, reading.right
        self._model = checkpoint.Checkpoint.of(
            directory, reading.kind, signs, self._tokenizer, device
        )
        self._separator = self._special(reading.separator)

    def predict(self, episodes: Sequence[Episode]) -> list[Prediction]:
        return [self._predict(episode) for episode in episodes]

    def _predict(self, episode: Episode) -> Prediction:
        ids, ends = self._prompt(episode), list[int]()
        for before, step in zip((None, *episode.steps), episode.steps, strict=False):
            ids += self._plain(_said(before, step)) + self._separator
            ends.append(len(ids) - 1)
        kept = [end for end in ends if end < self._model.context]
        right = self._model.right(ids[: kept[-1] + 1], kept) if kept else []
        q = (*right, *[None] * (len(ends) - len(kept)))
        return Prediction(
            q=q,
            q_std=(None,) * len(q),
            verdicts=tuple(None if x is None else (1 - x, 0.0, x) for x in q),
            value=(None,) * len(q),
            tokens=kept[-1] + 1 if kept else 0,
            truncation=self._truncation(len(kept), len(ends)),
        )

    def _truncation(self, kept: int, steps: int) -> dict[str, Any] | None:
        if kept == steps:
            return None
        beyond = f"ends beyond the model's context of {self._model.context} tokens"
        unscored = {str(t): beyond for t in range(kept, steps)}
        return {"dropped_tokens": 0, "elided": [], "unscored": unscored}

    def _prompt(self, episode: Episode) -> list[int]:
        if not self.reading.chat:
            return self._plain(f"{episode.task}\n")
        # what a user wrote must not turn into special tokens of the template
        place = "\ue000"
        turns = [{"role": "user", "content": place}]
        if self.reading.system:
            turns.insert(0, {"role": "system", "content": self.reading.system})
        text = self._tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True
        )
        head, _, tail = text.partition(place)
        return self._special(head) + self._plain(episode.task) + self._special(tail)

    def _plain(self, text: str) -> list[int]:
        return self._ids(text.encode(errors="replace").decode(), True)

    def _special(self, text: str) -> list[int]:
        return self._ids(text, False)

    def _ids(self, text: str, split_special_tokens: bool) -> list[int]:
        ids: list[int] = self._tokenizer(
            text,
            add_special_tokens=False,
            split_special_tokens=split_special_tokens,
            verbose=False,
        )["input_ids"]
        return ids


def adopt(
    source: Path, reading: Reading, parent: Path, card: Mapping[str, Any] | None = None
) -> tuple[Path, str]:
    """Copy a checkpoint into a model folder of `parent`, atomically; (folder, sha256).

    Raises:
        ModelMismatch: it can't be read this way, or not without running its code.
    """
    parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".adopting-", dir=parent))
    try:
        checkpoint.one_file(source, temporary / "model.safetensors")
        _copy_tokenizer(source, temporary)
        described = {"label_type": reading.label_type, **(card or {})}
        _write(temporary / "card.json", described)
        config = _json(source / "config.json")
        # it would point transformers to code of the checkpoint's
        config.pop("auto_map", None)
        files = {name: _sha256(temporary / name) for name in _TOKENIZER}
        ours = {"format": FORMAT, "reading": asdict(reading), "files": files}
        _write(temporary / "config.json", config | {_OURS: ours})
        hashes = dict(_hashes(temporary))
        _write(temporary / "manifest.json", hashes)
        # loading it once is the only proof that it can be
        sha256 = load_foreign(temporary).sha256
        shutil.rmtree(parent / sha256, ignore_errors=True)
        temporary.rename(parent / sha256)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return parent / sha256, sha256


def is_foreign(directory: Path) -> bool:
    """Whether `load_foreign` is the one to ask; it may still refuse."""
    try:
        return _OURS in _json(directory / "config.json")
    except ModelMismatch:
        return False


def load_foreign(directory: Path, device: torch.device = CPU) -> Foreign:
    """The model of a folder, held on a device.

    Raises:
        ModelMismatch: files missing, added or changed; nothing we can read.
    """
    hashes = _json(directory / "manifest.json")
    if dict(_hashes(directory)) != hashes:
        raise ModelMismatch("the files are not those the manifest speaks of")
    ours = _json(directory / "config.json").get(_OURS)
    if not isinstance(ours, dict) or ours.get("format") != FORMAT:
        raise ModelMismatch(f"expected a model of the format {FORMAT}")
    if ours.get("files") != {name: hashes.get(name) for name in _TOKENIZER}:
        raise ModelMismatch("the tokenizer is not the one config.json speaks of")
    reading = Reading.from_dict(ours.get("reading"))
    card = _json(directory / "card.json")
    return Foreign(directory, reading, identity(hashes), card, device)


def _said(before: Step | None, step: Step) -> str:
    """A step with what was seen before it; only its separator is read."""
    seen = [call.result for call in (before.calls if before else ()) if call.result]
    return "\n".join(filter(None, [*seen, step.observation, own_words(step).strip()]))


def _copy_tokenizer(source: Path, target: Path) -> None:
    """Two files of JSON, into which a template of its own is folded."""
    if not (source / "tokenizer.json").is_file():
        raise ModelMismatch("the checkpoint has no tokenizer.json")
    shutil.copyfile(source / "tokenizer.json", target / "tokenizer.json")
    try:
        config = json.loads((source / "tokenizer_config.json").read_bytes())
        config.pop("auto_map", None)
        # often an integer of 31 digits, which says that there is no limit
        config.pop("model_max_length", None)
    except (OSError, ValueError, AttributeError) as error:
        raise ModelMismatch(f"tokenizer_config.json can't be read: {error}") from error
    template = source / "chat_template.jinja"
    if template.is_file():
        config["chat_template"] = template.read_text(encoding="utf-8")
    _write(target / "tokenizer_config.json", config)


def _write(path: Path, data: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(data, indent=1, sort_keys=True), encoding="utf-8")


def _hashes(directory: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.is_file() and name != "manifest.json":
            yield name, _sha256(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _json(path: Path) -> dict[str, Any]:
    try:
        value = strictjson.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, UnreadableFile) as error:
        raise ModelMismatch(f"{path.name} can't be read: {error}") from error
    if not isinstance(value, dict):
        raise ModelMismatch(f"{path.name} is no JSON object")
    return value
