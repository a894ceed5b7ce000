"""A conversation over one connection: a line, its answer, the next line."""

import json
import socket
from collections.abc import Generator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from scoring import arena
from tests.functional.house import House

pytestmark = [pytest.mark.functional, pytest.mark.xdist_group("house")]


def test_each_line_is_answered_before_the_next_one_comes(
    house: House, client: httpx.Client
) -> None:
    episodes = [run.episode.to_dict() for run in arena.generate(3, seed=77)]
    whole = client.post("/api/v1/scores/", json={"episodes": episodes}).json()
    with closing(Conversation(house.url, client.headers["Authorization"])) as talk:
        answers = [talk.ask(episode) for episode in episodes]
    assert [row["steps"] for row in answers] == [
        row["steps"] for row in whole["scores"]
    ]


class Conversation:
    def __init__(self, url: str, authorization: str) -> None:
        address = urlsplit(url)
        self._socket = socket.create_connection((address.hostname, address.port), 60)
        self._answers = self._lines()
        head = (
            "POST /api/v1/scores/ HTTP/1.1\r\n"
            f"Host: {address.netloc}\r\nAuthorization: {authorization}\r\n"
            "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        self._socket.sendall(head.encode())

    def ask(self, episode: dict[str, Any]) -> dict[str, Any]:
        line = json.dumps(episode).encode() + b"\n"
        self._socket.sendall(b"%x\r\n%s\r\n" % (len(line), line))
        return dict(json.loads(next(self._answers)))

    def close(self) -> None:
        self._socket.sendall(b"0\r\n\r\n")
        # it reads through a file of its own, which holds the socket open
        self._answers.close()
        self._socket.close()

    def _lines(self) -> Generator[bytes, None, None]:
        with self._socket.makefile("rb") as stream:
            assert b" 200 " in stream.readline()
            while stream.readline().strip():
                pass
            # each answer is a chunk of its own: its length, then itself
            while int(stream.readline(), 16):
                yield stream.readline()
                stream.readline()
