"""Reward models of other people's, taken in, and ours given out as they know them.

Both need the language model at hand, so both are jobs of the device's process
(workers/exchanging.py): what a stranger's checkpoint holds is never read in a web
process.
"""

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from scoring.errors import InvalidInput
from webapp.errors import Invalid
from webapp.models import Job, Project, RewardModel
from webapp.models.job import Kind
from webapp.services import audits, jobs, model_files, reward_models, uploads
from webapp.services.uploads import Upload

# how a checkpoint wants its steps (scoring/prm/foreign.py), in words for people
READINGS = {
    "trl": "token classifier with the labels wrong and right (TRL's PRMTrainer)",
    "qwen_math_prm": "a tag after every step, two-way head (Qwen2.5-Math-PRM)",
    "math_shepherd": "a tag after every step, tokens + and - (Math-Shepherd)",
}
MOST_SEPARATOR = 40  # characters
_TYPED = str.maketrans({"\n": r"\n", "\t": r"\t"})
# but for line breaks and tabs, which do stand between steps
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def request_adoption(
    project: Project,
    *,
    user: User | None,
    source: Upload | Path,
    name: str,
    reading: str,
    separator: str = "",
    key: str | None = None,
) -> Job:
    """Queue the taking in of a checkpoint: the zip of a `transformers` folder, or such
    a folder on the workers' own disk. `separator` is the text after every step where
    it was trained with another than is usual for its reading.

    Raises:
        InvalidInput: no such reading; no such separator.
        Conflict: the key stands for another request.
    """
    if reading not in READINGS:
        expected = f"expected one of {', '.join(READINGS)}"
        raise InvalidInput(expected, pointer="/reading")
    data = {"filename": uploads.shown(name), "reading": reading}
    if separator:
        data["separator"] = checked_separator(separator)
    if isinstance(source, Path):
        data["folder"] = str(source.resolve())
    else:
        data["upload"] = source.sha256
    return jobs.create(project, kind=Kind.ADOPT, user=user, data=data, key=key)


def checked_separator(text: str) -> str:
    """Raises: InvalidInput: too long, or with characters no text has."""
    if len(text) > MOST_SEPARATOR or _CONTROL.search(text):
        detail = f"expected at most {MOST_SEPARATOR} characters, none of them control"
        raise InvalidInput(detail, pointer="/separator")
    return text


def typed_separator(text: str) -> str:
    r"""As people type one into a line: \n stands for a line break, \t for a tab."""
    for sign, typed in _TYPED.items():
        text = text.replace(str(typed), chr(sign))
    return checked_separator(text)


@transaction.atomic
def adopted(job: Job, *, sha256: str, card: dict[str, Any]) -> RewardModel:
    """The candidate of a checkpoint whose folder is in place, its audit queued: it is
    measured and tried like any other. The same one again is the same candidate."""
    known = job.project.reward_models.filter(sha256=sha256).first()
    if known is not None:
        return known
    by = {"by": job.created_by.username} if job.created_by else {}
    origin = {"file": job.input["filename"], "reading": job.input["reading"], **by}
    if "separator" in job.input:
        # as it would be typed: line breaks can't be seen
        origin["separator"] = job.input["separator"].translate(_TYPED)
    if "upload" in job.input:
        origin["archive_sha256"] = job.input["upload"]
    model = reward_models.add(job.project, sha256=sha256, card=card, origin=origin)
    audits.request(model, user=job.created_by)
    return model


def request_folder(model: RewardModel, *, user: User | None) -> Job:
    """Queue the packing of a model as a plain `transformers` folder, unless it is done
    already or being done.

    Raises: Invalid when its files are missing or changed, or it is such a folder as it
        is.
    """
    if "reading" in model.origin:
        raise Invalid(f"{model} is a transformers folder: download it as it is")
    model_files.verify(model)
    asked = model.project.jobs.filter(kind=Kind.PACK, input__model=model.pk)
    for job in asked.order_by("-created_at"):
        if job.is_open or folder_of(job) is not None:
            return job
    data = {"model": model.pk, "filename": f"{model.project.slug}-v{model.version}"}
    return jobs.create(model.project, kind=Kind.PACK, user=user, data=data)


def folder_of(job: Job) -> Path | None:
    """The zip that a job packed, while it is there."""
    sha256 = job.result.get("sha256") if job.kind == Kind.PACK else None
    path = packed(sha256) if sha256 else None
    return path if path and path.is_file() else None


def packed(sha256: str) -> Path:
    """Where the zip of the model of this hash belongs."""
    return Path(settings.DATA_DIR) / "exports" / f"{sha256}.zip"
