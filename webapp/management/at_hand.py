"""What commands share: naming a project, doing a job here or watching it be done."""

import time
from collections.abc import Callable
from typing import Any

from django.core.management import CommandError
from django.core.management.base import CommandParser

from scoring.errors import Cancelled, ScoringError
from webapp import signs
from webapp.errors import AppError
from webapp.models import Job, Project
from webapp.models.job import State

Say = Callable[[str], object]


def add_project(parser: CommandParser) -> None:
    parser.add_argument("--project", help="its address (slug); not needed if only one")


def project(slug: str | None) -> Project:
    """Raises: CommandError when there is no such project, or none can be meant."""
    rows = Project.objects.select_related("spec")
    found = list(rows.filter(slug=slug) if slug else rows.all())
    if len(found) != 1:
        known = ", ".join(Project.objects.values_list("slug", flat=True))
        raise CommandError(
            f"name a project with --project: {known or 'there are none'}"
        )
    return found[0]


def require_worker() -> None:
    """Raises: CommandError when no worker would take a job."""
    if "jobs" not in signs.alive():
        raise CommandError("no worker is running: start `make up` first")


def do(job: Job, work: Callable[[Job], dict[str, Any]], say: Say) -> dict[str, Any]:
    """Do a job in this process, unless a worker is quicker; then watch it.

    Raises:
        CommandError: it failed or was cancelled.
    """
    if not job.claim():
        return watch(job, say)
    try:
        result = work(job)
    except Cancelled as error:
        job.finish(State.CANCELLED)
        raise CommandError(str(error)) from error
    except (ScoringError, AppError) as error:
        job.finish(State.FAILED, error=str(error))
        raise CommandError(str(error)) from error
    job.finish(State.DONE, result=result)
    return result


def watch(job: Job, say: Say) -> dict[str, Any]:
    """Tell a job's progress until it is over.

    Raises:
        CommandError: it failed or was cancelled.
    """
    told = ""
    while job.is_open:
        if (line := _line(job)) != told:
            say(line)
            told = line
        time.sleep(0.5)
        job.refresh_from_db()
    if job.state != State.DONE:
        raise CommandError(f"{job} {job.state}: {job.error or 'on request'}")
    result: dict[str, Any] = job.result
    return result


def _line(job: Job) -> str:
    told = job.progress
    parts = [told.get("phase") or job.get_state_display()]
    if total := told.get("total"):
        parts.append(f"{told.get('done', 0)}/{total}")
    parts += [f"{name} {told[name]:g}" for name in ("epoch", "loss") if name in told]
    if "eta" in told:
        parts.append(f"{told['eta']:.0f} s left")
    return "  " + ", ".join(map(str, parts))
