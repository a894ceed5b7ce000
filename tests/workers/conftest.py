"""Jobs of a small project, and the workers' view of them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests import factories
from webapp.models import Job, Project


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
