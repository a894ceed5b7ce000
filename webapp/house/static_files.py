"""Collecting static files when they changed, which most starts needn't."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def collect() -> None:
    """Bring STATIC_ROOT up to date; what is there already costs a look at each file."""
    mark = Path(settings.STATIC_ROOT) / ".collected"
    now = _fingerprint()
    if not mark.exists() or mark.read_text() != now:
        call_command("collectstatic", verbosity=0, interactive=False)
        mark.write_text(now)


def _fingerprint() -> str:
    found = []
    for finder in get_finders():
        for name, storage in finder.list([]):
            stat = Path(storage.path(name)).stat()
            found.append(f"{name} {stat.st_size} {stat.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()
