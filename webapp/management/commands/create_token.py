"""`manage.py create_token USER --scopes read,score`: an API token, shown once."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from webapp.errors import AppError
from webapp.management import at_hand
from webapp.models.token import Scope
from webapp.services import tokens


class Command(BaseCommand):
    help = "Make an API token for a user in a project and print it, once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user")
        parser.add_argument(
            "--scopes", default="read,score", help=f"of {', '.join(Scope.values)}"
        )
        parser.add_argument("--name", default="command line")
        at_hand.add_project(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = at_hand.project(options["project"])
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"there is no user {options['user']!r}")
        scopes = [scope.strip() for scope in options["scopes"].split(",")]
        try:
            _token, secret = tokens.create(
                user, project, name=options["name"], scopes=scopes
            )
        except AppError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(secret)
