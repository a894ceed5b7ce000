"""A reward model's files on disk: immutable, named by the hash of their manifest."""

import hashlib
import json
from pathlib import Path

from webapp.errors import Invalid
from webapp.models import RewardModel

MANIFEST = "manifest.json"


def verify(model: RewardModel) -> None:
    """Read every byte of the model's files and compare.

    Raises:
        Invalid: a file is missing or isn't what was trained.
    """
    manifest = model.directory / MANIFEST
    if not manifest.is_file():
        raise Invalid(f"the files of {model} are missing")
    if _sha256(manifest) != model.sha256:
        raise Invalid(f"the files of {model} aren't those that were trained")
    for name, sha256 in json.loads(manifest.read_text())["files"].items():
        if _sha256(model.directory / Path(name).name) != sha256:
            raise Invalid(f"{name} of {model} isn't the file that was trained")


def _sha256(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
