"""`manage.py score FILE --spec S`: combined rewards of episodes, a JSON line each."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from scoring import formats, schema
from scoring.errors import ScoringError
from webapp.errors import AppError
from webapp.management import at_hand
from webapp.services import scores

CHUNK = 16


class Command(BaseCommand):
    help = "Score the episodes of a file of any known format; JSON lines out."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--spec", help="by default the project's")
        parser.add_argument("--model", default="champion")
        parser.add_argument("--format", help="recognised by content if not given")
        at_hand.add_project(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = at_hand.project(options["project"])
        wanted = {"model": options["model"], "spec": options["spec"]}
        self._failed = 0
        try:
            with options["file"].open("rb") as stream:
                episodes = self._readable(
                    formats.read(stream, format=options["format"])
                )
                while chunk := list(islice(episodes, CHUNK)):
                    for score in scores.score(project, chunk, **wanted):
                        self.stdout.write(json.dumps(score))
        except (OSError, ScoringError, AppError) as error:
            raise CommandError(str(error)) from error
        if self._failed:
            raise CommandError(f"{self._failed} rows could not be read")

    def _readable(
        self, results: Iterator[schema.Episode | formats.RowError]
    ) -> Iterator[schema.Episode]:
        for result in results:
            if isinstance(result, schema.Episode):
                yield result
            else:
                self._failed += 1
                self.stderr.write(f"line {result.line}: {result.detail}")
