"""Exports: labelled episodes as a trainer's file, with a manifest of what is in it."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User

from scoring.errors import InvalidInput
from scoring.exports import EXPORTS, Labelled
from scoring.exports.propagation import POLICIES
from webapp.models import Episode, Job, Project
from webapp.models.job import Kind
from webapp.services import consensus, jobs
from webapp.services.consensus import Consensus

REPORT_EVERY = 20


def start(
    project: Project,
    *,
    user: User | None,
    format: str,
    policy: str = "stop",
    key: str | None = None,
) -> Job:
    """Queue an export of the labels as they stand when it runs.

    Raises:
        InvalidInput: no such format or policy.
        Conflict: the key stands for another request.
    """
    if format not in EXPORTS:
        raise InvalidInput(f"expected one of {', '.join(EXPORTS)}", pointer="/format")
    if policy not in POLICIES:
        raise InvalidInput(f"expected one of {', '.join(POLICIES)}", pointer="/policy")
    data = {"format": format, "policy": policy}
    return jobs.create(project, kind=Kind.EXPORT, user=user, data=data, key=key)


def run(job: Job) -> dict[str, Any]:
    """Write the job's file; its manifest is returned and stands beside it.

    Raises:
        Cancelled: on request; no file is left.
    """
    folder = settings.DATA_DIR / "exports"
    folder.mkdir(exist_ok=True)
    drawn = Drawn()
    with tempfile.TemporaryDirectory(dir=folder) as draft:
        path = Path(draft) / "lines"
        lines = EXPORTS[job.input["format"]](
            _labelled(job, drawn), policy=job.input["policy"]
        )
        written = _write(lines, path)
        os.replace(path, folder / f"{written['sha256']}.jsonl")
    manifest = {**job.input, "project": job.project.slug, **written, **drawn.facts()}
    beside = folder / f"{written['sha256']}.manifest.json"
    beside.write_text(json.dumps(manifest, indent=1))
    return manifest


def file_of(job: Job) -> Path | None:
    """The file of an export that is done."""
    sha256 = job.result.get("sha256") if job.kind == Kind.EXPORT else None
    return settings.DATA_DIR / "exports" / f"{sha256}.jsonl" if sha256 else None


@dataclass(slots=True)
class Drawn:
    """What went into a file: filled while its episodes pass by."""

    episodes: int = 0
    guideline_versions: set[int] = field(default_factory=set)
    digest: Any = field(default_factory=hashlib.sha256)

    def add(self, judged: Consensus) -> None:
        self.episodes += 1
        for vote in judged.votes:
            self.guideline_versions.add(vote.guideline_version)
            self.digest.update(vote.line().encode() + b"\n")

    def facts(self) -> dict[str, Any]:
        return {
            "episodes": self.episodes,
            "guideline_versions": sorted(self.guideline_versions),
            "labels_sha256": self.digest.hexdigest(),
        }


def _labelled(job: Job, drawn: Drawn) -> Iterator[Labelled]:
    """Every episode with a verdict whose task nobody called bad."""
    for judged in consensus.verdicts(job.project):
        if not judged.verdicts or judged.bad_task:
            continue
        episode = Episode.objects.select_related("project").get(pk=judged.episode_id)
        drawn.add(judged)
        if drawn.episodes % REPORT_EVERY == 0:
            jobs.report(job, phase="writing", done=drawn.episodes)
        yield Labelled(episode.to_schema(), judged.series(episode.step_count))


def _write(lines: Iterator[str], path: Path) -> dict[str, Any]:
    digest, count = hashlib.sha256(), 0
    with path.open("wb") as file:
        for line in lines:
            data = line.encode() + b"\n"
            file.write(data)
            digest.update(data)
            count += 1
        file.flush()
        os.fsync(file.fileno())
    return {"sha256": digest.hexdigest(), "lines": count}
