"""`manage.py demo`: the demo project with a trained, serving model."""

import time
from typing import Any

from django.contrib.auth.models import User
from django.core.management import CommandError
from django.core.management.base import BaseCommand

from webapp.models import Job, Project
from webapp.services import demo, reward_models, training


class Command(BaseCommand):
    help = "Seed the demo project, train its model, promote it and score the episodes."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("  making up help-desk episodes")
        project = demo.seed()
        if reward_models.champion(project) is None:
            self._train(project)

    def _train(self, project: Project) -> None:
        user = User.objects.filter(is_superuser=True).earliest("pk")
        # with a key, an interrupted first run is taken up again and not repeated
        run = training.start(project, user=user, key="demo")
        self._follow(run.job)
        run.refresh_from_db()
        if run.reward_model is None:
            raise CommandError(f"the demo's training {run.job.state}: {run.job.error}")
        reward_models.promote(run.reward_model, user=user)
        self._follow(project.jobs.open().earliest("created_at"))

    def _follow(self, job: Job) -> None:
        """Print the job's progress, a line whenever it says something new."""
        said = ""
        while job.is_open:
            if (line := _sentence(job)) != said:
                self.stdout.write(f"  {line}")
                self.stdout.flush()
                said = line
            time.sleep(0.5)
            job.refresh_from_db()


def _sentence(job: Job) -> str:
    phase, total = job.progress.get("phase"), job.progress.get("total")
    if not phase:
        return f"{job.get_kind_display()}: {job.get_state_display()}"
    if not total:
        return f"{job.get_kind_display()}: {phase}"
    tenths = 10 * job.progress.get("done", 0) // total
    return f"{job.get_kind_display()}: {phase} {10 * tenths} %"
