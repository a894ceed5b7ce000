"""`manage.py train --project P`: train a reward model on the labels as they stand."""

from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from scoring.errors import ScoringError
from webapp.errors import AppError
from webapp.management import at_hand
from webapp.models import TrainingRun
from webapp.services import gates, training


class Command(BaseCommand):
    help = "Start a training run and watch it; a running worker does the work."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tier", default="head", choices=training.TIERS)
        parser.add_argument("--seed", type=int, default=0)
        at_hand.add_project(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = at_hand.project(options["project"])
        at_hand.require_worker()
        config = {"tier": options["tier"], "seed": options["seed"]}
        try:
            run = training.start(project, user=None, config=config)
        except (ScoringError, AppError) as error:
            raise CommandError(str(error)) from error
        at_hand.watch(run.job, self.stdout.write)
        model = TrainingRun.objects.get(pk=run.pk).reward_model
        if model is None or model.audit_job is None:
            raise CommandError("the run made no model")
        at_hand.watch(model.audit_job, self.stdout.write)
        model.refresh_from_db()
        for objection in gates.objections(model):
            self.stdout.write(objection.detail)
        self.stdout.write(f"{model} is ready: compare it, then promote it")
