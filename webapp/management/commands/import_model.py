"""`manage.py import_model PATH`: a model from elsewhere, as a candidate."""

from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from scoring.errors import ScoringError
from webapp.errors import AppError
from webapp.management import at_hand
from webapp.models import Project, RewardModel
from webapp.services import model_archives, model_exchange, uploads


class Command(BaseCommand):
    help = (
        "Take in a reward model: a zip that a Pacenote gave, or, with --reading, a "
        "transformers checkpoint as a folder or a zip. It becomes a candidate, which "
        "is measured and audited like any other."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)
        told = "; ".join(f"{k}: {text}" for k, text in model_exchange.READINGS.items())
        parser.add_argument("--reading", choices=model_exchange.READINGS, help=told)
        parser.add_argument(
            "--separator",
            default="",
            help=r"the text after every step, if not the usual one; \n is a line break",
        )
        at_hand.add_project(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = at_hand.project(options["project"])
        try:
            separator = model_exchange.typed_separator(options["separator"])
            wanted = options["path"], options["reading"], separator
            model = self._taken(project, *wanted)
        except (OSError, ScoringError, AppError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{model} is a candidate ({model.sha256[:12]})")

    def _taken(
        self, project: Project, path: Path, reading: str | None, separator: str
    ) -> RewardModel:
        if not reading and (separator or path.is_dir()):
            raise CommandError("say with --reading how the checkpoint is to be read")
        if not reading:
            with path.open("rb") as file:
                return model_archives.unpack(
                    project, file, user=None, filename=path.name
                )
        at_hand.require_worker()
        source: Path | uploads.Upload = path
        if not path.is_dir():
            with path.open("rb") as file:
                source = uploads.store(file)
        job = model_exchange.request_adoption(
            project,
            user=None,
            source=source,
            name=path.name,
            reading=reading,
            separator=separator,
        )
        made = at_hand.watch(job, self.stderr.write)
        return RewardModel.objects.get(pk=made["reward_model"])
