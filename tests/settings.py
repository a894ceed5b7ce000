"""The real settings on data of the test's own: only what must differ differs."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from webapp.house import broker

# read by webapp.settings when it is imported, so they come first; a process of
# parallel tests has its own
_data = Path(tempfile.mkdtemp(prefix="pacenote-test-"))
atexit.register(shutil.rmtree, _data, ignore_errors=True)
os.environ["PACENOTE_DATA"] = str(_data)
# where the `live_broker` fixture starts a server; without it nothing answers there
BROKER_COMMAND, os.environ["REDIS_URL"] = broker.configure(_data / "broker")

from webapp.settings import *  # noqa: E402, F403
from webapp.settings import DATABASES  # noqa: E402

# WhiteNoise warns of a folder that isn't there, and warnings are errors
STATIC_ROOT.mkdir()  # noqa: F405
# a test changes a token and looks at once; one asks what the product does instead
TOKEN_CACHE_SECONDS = 0
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # a file, as in the product: in memory, threads lock each other out
    DATABASES["default"]["TEST"] = {"NAME": str(_data / "test.sqlite3")}
