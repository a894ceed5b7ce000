"""`manage.py import_episodes FILE… --project P`: import files of any known format."""

from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from scoring.errors import InvalidInput
from webapp.errors import AppError
from webapp.management import at_hand
from webapp.models import Job, Project
from webapp.services import imports, uploads


class Command(BaseCommand):
    help = "Import files of episodes; what was imported before is left alone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--format", help="recognised by content if not given")
        parser.add_argument(
            "--kind",
            action="append",
            default=[],
            metavar="TOOL=KIND",
            help="kind of the steps that call a tool; * stands for anything",
        )
        at_hand.add_project(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = at_hand.project(options["project"])
        failed = 0
        refused: list[str] = []
        for path in options["files"]:
            try:
                job = self._start(project, path, options)
                result = at_hand.do(job, imports.run, self.stdout.write)
            except CommandError as error:
                # one file of many must not keep the others out
                refused.append(f"{path}: {error}")
                self.stderr.write(refused[-1])
                continue
            failed += result["failed"]
            self._tell(path, result)
        problems = [f"{failed} rows could not be read"] * bool(failed) + refused
        if problems:
            raise CommandError("; ".join(problems))

    def _start(self, project: Project, path: Path, options: dict[str, Any]) -> Job:
        rules = (rule.rpartition("=") for rule in options["kind"])
        kinds = {tool: kind for tool, _, kind in rules}
        try:
            with path.open("rb") as stream:
                upload = uploads.store(stream)
            return imports.start(
                project,
                user=None,
                upload=upload,
                filename=path.name,
                format=options["format"],
                kinds=kinds,
            )
        except (OSError, InvalidInput, AppError) as error:
            raise CommandError(str(error)) from error

    def _tell(self, path: Path, result: dict[str, Any]) -> None:
        counts = ("created", "duplicates", "failed", "warnings")
        numbers = ", ".join(f"{result[name]} {name}" for name in counts)
        self.stdout.write(f"{path}: {result['format']}, {numbers}")
        if result["revised"]:
            told = "{carried} labels carried over, {unmatched} without the same step"
            self.stdout.write(f"  new versions: {told.format_map(result)}")
        for error in result["errors"]:
            self.stderr.write(f"  line {error['line']}: {error['detail']}")
