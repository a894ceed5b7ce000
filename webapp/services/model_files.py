"""A reward model's files on disk: immutable, in a folder named by their hash."""

import hashlib
import json
from collections.abc import Mapping

from webapp.errors import Invalid
from webapp.models import RewardModel

# what a model is; its card only describes it (scoring/prm/card.py writes these files)
IDENTITY = ("model.safetensors", "config.json")


def verify(model: RewardModel) -> None:
    """Read every byte of the model's files and compare.

    Raises:
        Invalid: a file is missing or isn't the one that was trained.
    """
    try:
        manifest = json.loads((model.directory / "manifest.json").read_bytes())
        found = {name: _sha256(model, name) for name in manifest}
        sha256 = identity(found)
    except (OSError, ValueError, KeyError) as error:
        raise Invalid(f"the files of {model} are missing or damaged") from error
    changed = [name for name, sha256 in manifest.items() if found[name] != sha256]
    if changed or sha256 != model.sha256:
        raise Invalid(f"the files of {model} aren't those that were trained")


def identity(hashes: Mapping[str, str]) -> str:
    """The hash a model is named by. Raises: KeyError when a file of it is missing."""
    parts = "".join(hashes[name] for name in IDENTITY)
    return hashlib.sha256(parts.encode()).hexdigest()


def _sha256(model: RewardModel, name: str) -> str:
    # the manifest is a file like others: its names lead nowhere else
    if name.strip(".") != name or "/" in name:
        raise KeyError(name)
    with (model.directory / name).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
