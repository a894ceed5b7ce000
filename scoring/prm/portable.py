"""A reward model as a plain `transformers` folder, and back.

    config.json, model.safetensors, tokenizer files   the trunk it reads with
    README.md                                         a model card out of the card
    pacenote/                                         the model's own folder, unchanged

`AutoModel.from_pretrained` reads the first three anywhere. The heads are in
`pacenote/`; their identity, and so every score, survives the way out and in again.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scoring.errors import ModelMismatch
from scoring.prm.backbone import Trunk
from scoring.prm.card import load_model

_OURS = "pacenote"
_COLUMNS = ("auroc", "accuracy", "macro_f1", "first_error_accuracy", "ece", "brier")
_TOKENIZER: tuple[str, ...] = (
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
)
_TOKENIZER += ("special_tokens_map.json", "vocab.json", "merges.txt")


def export(directory: Path, trunk: Trunk, tokenizer: Path, target: Path) -> None:
    """Write the model of `directory` to the new folder `target`, whole or not at all.

    `trunk` is the installation's, `tokenizer` the folder its tokenizer came from.

    Raises:
        ModelMismatch: see `card.load_model`.
        FileExistsError: there is something at `target` already.
    """
    model = load_model(directory, trunk)
    if target.exists():
        raise FileExistsError(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".exporting-", dir=target.parent))
    try:
        _save_trunk((model.trunk or trunk).model, temporary)
        for name in _TOKENIZER:
            if (tokenizer / name).is_file():
                shutil.copyfile(tokenizer / name, temporary / name)
        shutil.copytree(directory, temporary / _OURS)
        text = "\n".join(_readme(model.sha256, model.card, trunk))
        (temporary / "README.md").write_text(text, encoding="utf-8")
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def bring_back(source: Path, trunk: Trunk, parent: Path) -> tuple[Path, str]:
    """Take an exported model into `parent`: (folder, sha256), those it was exported as.

    Raises:
        ModelMismatch: changed on the way, made on another backbone, or no export.
    """
    if not (source / _OURS).is_dir():
        raise ModelMismatch(
            f"{source.name} holds no folder {_OURS}/ of a model of ours"
        )
    sha256 = load_model(source / _OURS, trunk).sha256
    folder = parent / sha256
    if not folder.exists():
        parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".importing-", dir=parent))
        shutil.copytree(source / _OURS, temporary, dirs_exist_ok=True)
        temporary.rename(folder)
    return folder, sha256


def _save_trunk(model: Any, folder: Path) -> None:
    """The trunk under its own class; its final norm, which we never apply, is that of
    an untrained model."""
    whole = type(model)(model.config).to(model.dtype)
    whole.load_state_dict(model.state_dict(), strict=False)
    whole.save_pretrained(folder)


def _readme(sha256: str, card: Mapping[str, Any], trunk: Trunk) -> Iterator[str]:
    yield from ("---", "library_name: transformers", "tags:", "- reward-model")
    yield from ("- process-reward-model", "---", "")
    yield f"# Pacenote process reward model {sha256[:12]}"
    yield ""
    yield "Per step of an agent's run: q_t = P(step t is not wrong | task, steps 0..t)."
    yield ""
    counts = card.get("data", {}).get("counts", {})
    yield from _table(
        "Data", ("episodes", "tasks", "wrong", "neutral", "right"), counts
    )
    rows = card.get("metrics", {}).get("steps", {})
    yield from _table("Held-out steps, beside baselines", _COLUMNS, rows)
    yield "## What it is made of"
    yield ""
    for name in ("backbone", "template", "label_type", "config", "software"):
        yield f"- {name}: `{json.dumps(card.get(name))}`"
    yield from ("", "## Reading it", "")
    yield from _USE.format(depth=trunk.depth, sha256=sha256).splitlines()


def _table(
    title: str, columns: tuple[str, ...], rows: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    if not rows:
        return
    yield f"## {title}"
    yield ""
    yield "| |" + "|".join(columns) + "|"
    yield "|---" * (len(columns) + 1) + "|"
    for name, row in rows.items():
        yield f"| {name} |" + "|".join(_cell(row.get(key)) for key in columns) + "|"
    yield ""


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


_USE = """\
The weights here are the trunk, {depth} layers; states are taken before its final norm,
which is untrained. Heads, temperature and thresholds are in `pacenote/`: import this
folder into a Pacenote installation with the same backbone to score with them; the model
keeps the name `{sha256}`.

```python
trunk = transformers.AutoModel.from_pretrained("this folder", trust_remote_code=False)
trunk.norm = torch.nn.Identity()
states = trunk(token_ids).last_hidden_state
```
"""
