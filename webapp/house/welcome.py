"""What `make up` says when everything answers: where, how to sign in, how to score."""

import json
import shlex

from django.conf import settings
from django.contrib.auth.models import User

from webapp.house.broker import write_private
from webapp.models import Project
from webapp.models.token import Scope
from webapp.services import sign_in, tokens

EPISODE = {
    "task": "Where is order 1042, and can I still change its address?",
    "steps": [
        {
            "thought": "I need the order first.",
            "calls": [
                {
                    "name": "find_order",
                    "arguments": {"number": 1042},
                    "result": "order 1042: packed, leaves tomorrow",
                }
            ],
        },
        {"text": "It leaves tomorrow. Tell me the new address and I change it."},
    ],
    "outcome": {"success": True},
}


def text(url: str) -> str:
    user = User.objects.filter(is_superuser=True).earliest("pk")
    secret = _secret(user)
    lines = [
        f"Pacenote is up: {url}",
        f"  sign in (once): {url}{sign_in.link(user)}",
        f"  API token:      {secret}",
        f"  score one:      {_curl(url, secret)}",
        f"  logs:           {settings.DATA_DIR / 'logs'}",
        "  stop:           ctrl-C",
    ]
    return "\n".join(lines)


def _secret(user: User) -> str:
    """The owner's token for the demo project, the same at each start while it lives."""
    path = settings.DATA_DIR / "api-token"
    if path.exists() and tokens.authenticate(path.read_text()):
        return path.read_text()
    project = Project.objects.filter(membership__user=user).earliest("pk")
    _, secret = tokens.create(user, project, name="make up", scopes=list(Scope.values))
    write_private(path, secret)
    return secret


def _curl(url: str, secret: str) -> str:
    body = shlex.quote(json.dumps({"episodes": [EPISODE]}))
    return (
        f"curl -s {url}/api/v1/scores/ -H 'Authorization: Bearer {secret}' "
        f"-H 'Content-Type: application/json' -d {body}"
    )
