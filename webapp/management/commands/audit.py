"""`manage.py audit --project P`: try a reward model before it is promoted."""

from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from scoring.errors import ScoringError
from webapp.errors import AppError
from webapp.management import at_hand
from webapp.services import audits, gates, reward_models, reward_specs

LINE = "{:<14} {:<28} {:<40} {:>9} {:>9} {:<5} {:<9} {:>5}"


class Command(BaseCommand):
    help = "Audit a reward model for reward hacking and print the table that is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--model", default="champion")
        parser.add_argument("--spec", help="by default the project's")
        at_hand.add_project(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = at_hand.project(options["project"])
        at_hand.require_worker()
        try:
            model = reward_models.find(project, options["model"])
            wanted = options["spec"]
            spec = reward_specs.find(wanted) if wanted else None
            job = audits.request(model, user=None, spec=spec)
        except (ScoringError, AppError) as error:
            raise CommandError(str(error)) from error
        at_hand.watch(job, self.stderr.write)
        model.refresh_from_db()
        self._print(model.audit["checks"])
        for objection in gates.objections(model):
            self.stdout.write(objection.detail)

    def _print(self, checks: list[dict[str, Any]]) -> None:
        titles = ("", "check", "statistic", "value", "bar", "", "", "cases")
        self.stdout.write(LINE.format(*titles))
        for check in checks:
            value = "–" if check["value"] is None else f"{check['value']:.4g}"
            kind = "hard" if check["hard"] else "soft"
            what = (check["id"], check["title"], check["statistic"], value)
            how = (check["bar"], kind, check["status"], check["cases"])
            self.stdout.write(LINE.format(*what, *how))
            for example in check["examples"]:
                self.stdout.write(f"{'':14} {example['value']:.4g} in {example['run']}")
