"""`manage.py evaluate FILE`: a reward model's numbers on labelled runs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from scoring.errors import ScoringError
from webapp.errors import AppError
from webapp.management import at_hand
from webapp.models import Evaluation
from webapp.services import evaluations, reward_models, uploads

METRICS = (
    *("auroc", "average_precision", "accuracy", "macro_f1", "first_error_accuracy"),
    *("processbench", "false_positive_rate", "brier", "ece"),
)
PARTS = "{:<10} {:<28} {:>7} {:>7} {:>7} {:>9} {:>7}"


class Command(BaseCommand):
    help = (
        "Measure a reward model on a file of labelled runs, beside trivial baselines. "
        "Labels are meta.verdicts of Pacenote lines, or those of PRM800K and the like."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--model", default="champion")
        parser.add_argument("--format", default="", help="recognised by content")
        parser.add_argument("--json", action="store_true", help="everything, as JSON")
        at_hand.add_project(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = at_hand.project(options["project"])
        at_hand.require_worker()
        try:
            model = reward_models.find(project, options["model"])
            with options["file"].open("rb") as stream:
                upload = uploads.store(stream)
            name, format = options["file"].name, options["format"]
            job = evaluations.request(
                model, user=None, upload=upload, name=name, format=format
            )
        except (OSError, ScoringError, AppError) as error:
            raise CommandError(str(error)) from error
        made = at_hand.watch(job, self.stderr.write)
        results = Evaluation.objects.get(pk=made["evaluation"]).results
        if options["json"]:
            self.stdout.write(json.dumps({**made, **results}, indent=1))
        else:
            self._print(made, results)

    def _print(self, made: Mapping[str, Any], results: Mapping[str, Any]) -> None:
        self.stdout.write(
            f"{made['runs']} labelled runs, {made['unlabelled']} without labels, "
            f"{made['failed']} rows that can't be read"
        )
        table = results["steps"]
        line = "{:<22}" + "{:>14}" * len(table)
        self.stdout.write(line.format("", *table))
        for metric in METRICS:
            if any(metric in row for row in table.values()):
                cells = (_cell(row.get(metric)) for row in table.values())
                self.stdout.write(line.format(metric, *cells))
        if against := results["against"]:
            self.stdout.write(_beside(against))
        titles = ("by", "", "steps", "wrong", "auroc", "accuracy", "ece")
        self.stdout.write("\n" + PARTS.format(*titles))
        for name, parts in (results["breakdown"] or {"by": {}})["by"].items():
            for part, row in parts.items():
                numbers = (_cell(row[key]) for key in ("auroc", "accuracy", "ece"))
                size = (row["steps"], row["wrong"])
                self.stdout.write(PARTS.format(name, part[:28], *size, *numbers))


def _cell(value: Any) -> str:
    """A number; of ProcessBench's three, their harmonic mean."""
    if isinstance(value, Mapping):
        value = value.get("f1")
    return f"{value:.3f}" if isinstance(value, float) else "–"


def _beside(against: Mapping[str, Any]) -> str:
    low, high = against["interval"] or (None, None)
    return (
        f"beside {against['model']}, on {against['steps']} steps that neither was "
        f"trained on: AUROC {_cell(against['auroc'])} and "
        f"{_cell(against['their_auroc'])}, difference {_cell(against['difference'])} "
        f"({_cell(low)} to {_cell(high)})"
    )
