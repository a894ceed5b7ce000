"""`manage.py export --project P --to FORMAT`: labels as a trainer's file."""

import shutil
from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from scoring.exports import EXPORTS
from scoring.exports.propagation import POLICIES
from webapp.management import at_hand
from webapp.services import exports


class Command(BaseCommand):
    help = "Write the labels of a project in a trainer's format."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", required=True, choices=[*EXPORTS], metavar="FORMAT")
        parser.add_argument("--policy", default="stop", choices=[*POLICIES])
        parser.add_argument("--output", type=Path, help="where to copy the file")
        at_hand.add_project(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = at_hand.project(options["project"])
        to, policy = options["to"], options["policy"]
        job = exports.start(project, user=None, format=to, policy=policy)
        result = at_hand.do(job, exports.run, self.stdout.write)
        job.refresh_from_db()
        path = exports.file_of(job)
        if path is None:
            raise CommandError("the export left no file")
        if options["output"]:
            path = Path(shutil.copyfile(path, options["output"]))
        told = f"{result['lines']} lines of {result['episodes']} episodes"
        self.stdout.write(f"{path}: {told}, sha256 {result['sha256']}")
