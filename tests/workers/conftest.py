"""Jobs of a small project, and the workers' view of them."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from scoring import arena
from tests import backbones, factories
from webapp.models import Job, Project
from webapp.services import episodes, labels


@pytest.fixture
def project(transactional_db: None) -> Project:
    """Committed for real: heartbeats and sweeps look from connections of their own."""
    return factories.a_project()


def age(job: Job, **fields: Any) -> Job:
    """Make a job an hour old, so that nobody's message is still on its way."""
    fields.setdefault("created_at", timezone.now() - timedelta(hours=1))
    Job.objects.filter(pk=job.pk).update(**fields)
    job.refresh_from_db()
    return job


@pytest.fixture(scope="session")
def tiny_backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return backbones.tiny_folder(tmp_path_factory.mktemp("backbone"))


@pytest.fixture
def small(settings: Any, tiny_backbone: Path) -> Any:
    """The product's settings, with a backbone that is read in milliseconds."""
    settings.BACKBONE = str(tiny_backbone)
    return settings


@pytest.fixture
def arena_project(transactional_db: None) -> Project:
    """Simulated runs with every step judged: what a real training starts from."""
    owner = factories.a_user("alice")
    project = factories.a_project(owner=owner)
    judge_arena(project, owner, arena.generate(24, seed=5))
    return project


def judge_arena(project: Project, owner: User, runs: Iterable[arena.Run]) -> None:
    known = {run.episode.content_hash(): run for run in runs}
    episodes.create_many(
        project, [run.episode for run in known.values()], source_format="arena"
    )
    for row in project.episodes.filter(content_hash__in=known):
        run = known[row.content_hash]
        outcome = 1 if run.episode.outcome.success else -1
        labels.import_verdicts(row, user=owner, verdicts=run.verdicts, outcome=outcome)
