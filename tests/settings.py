"""The real settings on data of the test's own: only what must differ differs."""

import os
import tempfile

# read by webapp.settings when it is imported, so they come first
os.environ.setdefault("PACENOTE_DATA", tempfile.mkdtemp(prefix="pacenote-test-"))

from webapp.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
