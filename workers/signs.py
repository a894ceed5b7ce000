"""Signs of life: what lets pages and /readyz say which worker is missing."""

import json
import os
from typing import Any

from webapp import jobs


def sign(name: str, facts: dict[str, Any]) -> None:
    """Say that worker `name` lives, and what it has to offer, for the next seconds."""
    value = json.dumps({"pid": os.getpid(), **facts})
    jobs.broker().set(f"{jobs.ALIVE}{name}", value, ex=jobs.ALIVE_SECONDS)
