"""Files that nobody needs any more: looked for once an hour, deleted."""

import time

from django.conf import settings

from webapp.services import images, uploads

# in seconds
EVERY = 3600


def sweep(now: float | None = None) -> bool:
    """Tidy up if the last time is an hour ago, whichever process it was; whether it
    was."""
    now = time.time() if now is None else now
    mark = settings.DATA_DIR / "tidied"
    if mark.exists() and now - mark.stat().st_mtime < EVERY:
        return False
    mark.touch()
    uploads.forget(now)
    images.forget(now)
    return True
