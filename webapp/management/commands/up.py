"""`manage.py up`: the whole product in one terminal, until ctrl-C."""

import signal
from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.core.management.base import BaseCommand

from webapp import env, lock
from webapp.errors import Busy
from webapp.house import opening


class Command(BaseCommand):
    help = "Set up what is missing and run everything in the foreground."

    def handle(self, *args: Any, **options: Any) -> None:
        # a shell may have us ignore ctrl-C, and SIGTERM is to mean the same
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        taken = f"Pacenote already runs on {settings.DATA_DIR}"
        try:
            with lock.held(settings.DATA_DIR / "up.lock", taken):
                opening.run(env.number("PORT", 8000), self._say)
        except Busy as error:
            raise CommandError(error.detail) from error
        except KeyboardInterrupt:
            self._say("stopped")

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()
