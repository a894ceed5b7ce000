"""Checkpoints taken in and models given out, done where the language model is."""

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings

from scoring.errors import ModelMismatch, UnreadableFile
from scoring.formats.zips import Zip, open_zip
from scoring.prm import backbone, foreign, portable
from webapp.models import Job, RewardModel
from webapp.services import jobs, model_exchange, uploads
from workers import trunk

READINGS = {
    "trl": foreign.TRL,
    "qwen_math_prm": foreign.QWEN_MATH_PRM,
    "math_shepherd": foreign.MATH_SHEPHERD,
}
# what of a checkpoint is read; a README may stand beside it, and code is never run
WANTED = (".safetensors", ".json", ".jinja")
MAX_BYTES = 64 << 30
CHUNK = 1 << 20


def adopt(job: Job) -> dict[str, Any]:
    """Take a checkpoint in as a candidate. Repeated after a crash it ends in the same.

    Raises:
        ModelMismatch: it can't be read this way, or not without running its code.
        UnreadableFile: the upload is no zip of one.
        Invalid: the upload is gone.
        Cancelled: on request.
    """
    jobs.report(job, phase="reading")
    models = Path(settings.DATA_DIR) / "models"
    with _source(job) as folder:
        reading = READINGS[job.input["reading"]]
        if "separator" in job.input:
            reading = replace(reading, separator=job.input["separator"])
        told = {"adopted": {"file": job.input["filename"]}}
        directory, sha256 = foreign.adopt(folder, reading, models, told)
    card = dict(foreign.load_foreign(directory).card)
    model = model_exchange.adopted(job, sha256=sha256, card=card)
    return {"reward_model": model.pk}


def pack(job: Job) -> dict[str, Any]:
    """Write a model as a zip of a plain `transformers` folder.

    Raises: ModelMismatch; Cancelled on request.
    """
    model = RewardModel.objects.get(pk=job.input["model"])
    target = model_exchange.packed(model.sha256)
    target.parent.mkdir(exist_ok=True)
    jobs.report(job, phase="writing")
    with tempfile.TemporaryDirectory(dir=target.parent) as draft:
        folder = Path(draft) / job.input["filename"]
        tokenizer = backbone.folder(settings.BACKBONE or None, settings.DATA_DIR)
        portable.export(model.directory, trunk.load(), tokenizer, folder)
        _zip(folder, Path(draft) / "zip", job)
        os.replace(Path(draft) / "zip", target)
    return {"sha256": model.sha256, "size": target.stat().st_size}


@contextmanager
def _source(job: Job) -> Iterator[Path]:
    if "folder" in job.input:
        folder = Path(job.input["folder"])
        if not folder.is_dir():
            raise ModelMismatch("the checkpoint's folder is not on the worker's disk")
        yield folder
        return
    upload = uploads.find(job.input["upload"])
    with (
        upload.path.open("rb") as file,
        tempfile.TemporaryDirectory(dir=settings.DATA_DIR / "tmp") as draft,
    ):
        _unpack(open_zip(file), Path(draft))
        yield Path(draft)


def _unpack(archive: Zip, folder: Path) -> None:
    """The files of one folder of the archive, under their plain names."""
    wanted = {n: e for n, e in archive.entries.items() if n.endswith(WANTED)}
    if len({str(Path(name).parent) for name in wanted}) != 1:
        raise UnreadableFile(
            "expected the zip of one transformers folder: config.json, tokenizer.json "
            "and safetensors side by side"
        )
    if sum(entry.file_size for entry in wanted.values()) > MAX_BYTES:
        raise UnreadableFile(f"a checkpoint has at most {MAX_BYTES >> 30} GB")
    for name in wanted:
        with (folder / Path(name).name).open("wb") as file:
            shutil.copyfileobj(archive.open(name).stream, file, CHUNK)


def _zip(folder: Path, target: Path, job: Job) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for path in sorted(folder.rglob("*")):
            jobs.report(job, phase="packing")
            archive.write(path, path.relative_to(folder.parent))
