"""Reward models as one file: a zip of safetensors and JSON, out and back in.

What comes in is a stranger's: names, sizes and every hash are checked before a byte is
kept, and nothing but safetensors and JSON is taken. Whether its tensors fit the
backbone here is found by its audit, which reads it in a process of its own.
"""

import hashlib
import re
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import IO, Any, BinaryIO

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from scoring import strictjson
from scoring.errors import UnreadableFile
from scoring.formats.zips import Zip, open_zip
from webapp.errors import Invalid
from webapp.models import Project, RewardModel
from webapp.services import audits, model_files, reward_models, uploads

MOST_FILES = 40
MAX_BYTES = 8 << 30
MAX_JSON = 32 << 20
CHUNK = 1 << 20
OURS = "pacenote"
# a folder of the archive's may stand before the name; nothing else may
_NAME = re.compile(r"(?:[\w.-]+/)?([A-Za-z0-9_-][A-Za-z0-9_.-]{0,120})")
_SUFFIXES = (".safetensors", ".json")
# always the same bytes for the same model
_EPOCH = (1980, 1, 1, 0, 0, 0)


def pack(model: RewardModel) -> IO[bytes]:
    """The model's folder as a zip, verified first; it is gone once it is closed.

    Raises: Invalid when its files are missing or changed.
    """
    model_files.verify(model)
    file = tempfile.TemporaryFile(dir=settings.DATA_DIR / "tmp")  # noqa: SIM115 - handed on
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for path in sorted(model.directory.iterdir()):
            entry = zipfile.ZipInfo(f"{model.sha256[:12]}/{path.name}", _EPOCH)
            with path.open("rb") as source, archive.open(entry, "w") as target:
                shutil.copyfileobj(source, target, CHUNK)
    file.seek(0)
    return file


def unpack(
    project: Project, stream: BinaryIO, *, user: User | None, filename: str
) -> RewardModel:
    """A candidate from an archive, its audit queued. The same model again is the same
    candidate.

    Raises:
        Invalid: not such an archive, or not what its manifest says.
        TooLarge: more bytes than an upload may have.
    """
    upload = uploads.store(stream)
    (settings.DATA_DIR / "models").mkdir(exist_ok=True)
    try:
        with (
            upload.path.open("rb") as file,
            tempfile.TemporaryDirectory(dir=settings.DATA_DIR / "models") as draft,
        ):
            hashes = _unpacked(open_zip(file), Path(draft))
            sha256 = model_files.identity(hashes)
            card = _read_json(Path(draft) / "card.json")
            _publish(Path(draft), settings.DATA_DIR / "models" / sha256)
    except UnreadableFile as error:
        raise Invalid(f"{filename[:80]}: {error}") from None
    finally:
        uploads.release(upload)
    origin = {"file": filename[:200], "archive_sha256": upload.sha256}
    return _added(project, sha256, card, origin, user)


@transaction.atomic
def _added(
    project: Project,
    sha256: str,
    card: dict[str, Any],
    origin: dict[str, Any],
    user: User | None,
) -> RewardModel:
    known = project.reward_models.filter(sha256=sha256).first()
    if known is not None:
        return known
    by = {"by": user.username} if user else {}
    model = reward_models.add(project, sha256=sha256, card=card, origin=origin | by)
    audits.request(model, user=user)
    return model


def _unpacked(archive: Zip, folder: Path) -> dict[str, str]:
    """Every file of the archive in `folder`, and its hash by name.

    Raises: UnreadableFile.
    """
    if archive.refused:
        first = archive.refused[0]
        raise UnreadableFile(f"{first.member}: {first.detail}")
    entries = _ours(archive)
    names = {_plain(name): name for name in entries}
    if len(names) != len(entries) or not 0 < len(names) <= MOST_FILES:
        raise UnreadableFile(f"expected the 1 to {MOST_FILES} files of one model")
    if sum(entry.file_size for entry in entries.values()) > MAX_BYTES:
        raise UnreadableFile(f"a model has at most {MAX_BYTES >> 30} GB")
    hashes = {
        plain: _copied(archive, name, folder / plain) for plain, name in names.items()
    }
    _check_manifest(folder, hashes)
    return hashes


def _ours(archive: Zip) -> dict[str, zipfile.ZipInfo]:
    """All of it; of a transformers folder that a model left in (prm/portable.py) only
    the model's own folder: the trunk beside it is here already."""
    inside = {n: e for n, e in archive.entries.items() if Path(n).parent.name == OURS}
    return inside or archive.entries


def _plain(name: str) -> str:
    parts = name.rpartition(f"{OURS}/")
    found = _NAME.fullmatch(parts[2])
    if found is None:
        raise UnreadableFile(f"{name[:80]!r} is no name of a model's file")
    if not found[1].endswith(_SUFFIXES):
        raise UnreadableFile(
            f"{found[1][:80]} is refused: a model is safetensors and JSON, and nothing "
            "that would have to be unpickled"
        )
    return found[1]


def _copied(archive: Zip, name: str, target: Path) -> str:
    digest, member = hashlib.sha256(), archive.open(name).stream
    with target.open("wb") as file:
        while piece := member.read(CHUNK):
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def _check_manifest(folder: Path, hashes: dict[str, str]) -> None:
    manifest = _read_json(folder / "manifest.json")
    others = {name: value for name, value in hashes.items() if name != "manifest.json"}
    if manifest != others:
        changed = sorted(
            name
            for name in manifest.keys() | others.keys()
            if manifest.get(name) != others.get(name)
        )
        named = ", ".join(name[:60] for name in changed[:5])
        raise UnreadableFile(f"not the files its manifest speaks of: {named}")
    missing = {*model_files.IDENTITY, "card.json"} - hashes.keys()
    if missing:
        raise UnreadableFile(f"{', '.join(sorted(missing))} is missing")
    for name in hashes:
        if name.endswith(".json"):
            _read_json(folder / name)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_JSON:
            raise UnreadableFile(f"{path.name} is larger than {MAX_JSON >> 20} MB")
        value = strictjson.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{path.name} can't be read") from error
    if not isinstance(value, dict):
        raise UnreadableFile(f"{path.name} is no JSON object")
    return value


def _publish(draft: Path, folder: Path) -> None:
    """Immutable: what is there under this hash already is the same model."""
    if not folder.exists():
        copy = Path(tempfile.mkdtemp(prefix=".importing-", dir=folder.parent))
        for path in draft.iterdir():
            path.rename(copy / path.name)
        copy.rename(folder)
