"""`manage.py export_model FILE`: a model to take elsewhere."""

import shutil
from pathlib import Path
from typing import IO, Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from scoring.errors import ScoringError
from webapp.errors import AppError
from webapp.management import at_hand
from webapp.models import RewardModel
from webapp.services import model_archives, model_exchange, reward_models


class Command(BaseCommand):
    help = "Write a reward model as a zip: its own files, or a transformers folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--model", default="champion")
        parser.add_argument(
            "--transformers",
            action="store_true",
            help="the trunk and the model as a folder that transformers reads",
        )
        at_hand.add_project(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = at_hand.project(options["project"])
        target: Path = options["file"]
        if target.exists():
            raise CommandError(f"there is something at {target} already")
        try:
            model = reward_models.find(project, options["model"])
            asked = options["transformers"]
            packed = self._folder(model) if asked else model_archives.pack(model)
            with packed, target.open("xb") as file:
                shutil.copyfileobj(packed, file)
        except (OSError, ScoringError, AppError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{model} is in {target} ({target.stat().st_size:,} bytes)")

    def _folder(self, model: RewardModel) -> IO[bytes]:
        at_hand.require_worker()
        job = model_exchange.request_folder(model, user=None)
        at_hand.watch(job, self.stderr.write)
        job.refresh_from_db()
        path = model_exchange.folder_of(job)
        if path is None:
            raise CommandError("the packed model is gone")
        return path.open("rb")
