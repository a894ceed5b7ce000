"""`manage.py demo`: the demo project with a trained, serving model."""

import time
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError
from django.core.management.base import BaseCommand

from webapp import replicas
from webapp.models import Job, Project, RewardModel
from webapp.services import audits, demo, gates, reward_models, training


class Command(BaseCommand):
    help = "Seed the demo project, train its model and promote it."

    def handle(self, *args: Any, **options: Any) -> None:
        self._tell("making up help-desk episodes")
        project = demo.seed(settings.DEMO_EPISODES)
        if project.episodes.exists() and reward_models.champion(project) is None:
            self._train(project)

    def _train(self, project: Project) -> None:
        self._await_scorer()
        user = User.objects.filter(is_superuser=True).earliest("pk")
        # an interrupted first run is taken up again, not repeated
        unfinished = project.training_runs.filter(job__in=Job.objects.open())
        run = unfinished.first() or training.start(project, user=user)
        self._follow(run.job)
        run.refresh_from_db()
        if run.reward_model is None:
            raise CommandError(f"the demo's training {run.job.state}: {run.job.error}")
        self._promote(run.reward_model, user)
        self._tell("the episodes are being scored; the pages are there meanwhile")

    def _promote(self, model: RewardModel, user: User) -> None:
        """Once its audit is over. A demo made smaller than usual may leave too little
        to learn from: its model then serves all the same, and its page says so."""
        self._follow(model.audit_job or audits.request(model, user=user))
        model = RewardModel.objects.select_related("project").get(pk=model.pk)
        for objection in gates.objections(model):
            self._tell(objection.detail)
        reason = "the demo's own model, so that there is something to look at"
        reward_models.promote(model, user=user, override=reason)

    def _await_scorer(self) -> None:
        """It unpacks the language model, and two that do so at once take far longer."""
        if not replicas.live():
            self._tell("unpacking the language model")
        while not replicas.live():
            time.sleep(0.5)

    def _tell(self, sentence: str) -> None:
        self.stdout.write(f"  {sentence}")
        self.stdout.flush()

    def _follow(self, job: Job) -> None:
        """Print the job's progress, a line whenever it says something new."""
        said = ""
        while job.is_open:
            if (line := _sentence(job)) != said:
                self._tell(line)
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
