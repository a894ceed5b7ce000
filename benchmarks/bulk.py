"""Scoring jobs sent while parts are killed: each must end and say what is right."""

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import httpx

from benchmarks import served, truth

EVERY_SECONDS = 1.0
# a job whose worker was killed waits for its lease, another for its turn behind it
PATIENCE_SECONDS = 150.0
_GOING = {"queued", "running"}


async def jobs(
    house: served.Served,
    seconds: float,
    runs: Sequence[truth.Run],
    is_right: truth.Right,
) -> dict[str, int]:
    """A job of these runs a second, each under a key of its own and sent again until it
    is accepted; how many were accepted, and how those ended."""
    found: Counter[str] = Counter(accepted=0, done=0, wrong=0, failed=0, lost=0)
    until, numbers, sent = time.monotonic() + seconds, itertools.count(), {}
    async with httpx.AsyncClient(
        base_url=house.url, headers=house.headers, timeout=10
    ) as client:
        while time.monotonic() < until:
            number = next(numbers)
            names = [f"bulk-{number}-{i}" for i in range(len(runs))]
            body = [run | {"id": name} for run, name in zip(runs, names, strict=True)]
            if url := await _send(client, body, f"bulk-{number}", until):
                sent[url] = names
            await asyncio.sleep(EVERY_SECONDS)
        found["accepted"] = len(sent)
        for url, names in sent.items():
            found[await _ended(client, house.model, url, names, is_right)] += 1
    return dict(found)


async def _send(
    client: httpx.AsyncClient, episodes: list[dict[str, Any]], key: str, until: float
) -> str | None:
    headers = {"Prefer": "respond-async", "Idempotency-Key": key}
    while time.monotonic() < until:
        try:
            answer = await client.post(
                "/api/v1/scores/", json={"episodes": episodes}, headers=headers
            )
        except httpx.TransportError:
            await asyncio.sleep(0.25)
            continue
        if answer.status_code == 202:
            return str(answer.headers["Location"])
        await asyncio.sleep(0.25)
    return None


async def _ended(
    client: httpx.AsyncClient,
    model: str,
    url: str,
    names: list[str],
    is_right: truth.Right,
) -> str:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            if kind := await _verdict(client, model, url, names, is_right):
                return kind
        except httpx.TransportError:
            # the web has just been killed
            pass
        await asyncio.sleep(0.5)
    return "lost"


async def _verdict(
    client: httpx.AsyncClient,
    model: str,
    url: str,
    names: list[str],
    is_right: truth.Right,
) -> str | None:
    """How a job ended, None while it goes on."""
    answer = await client.get(url)
    if answer.status_code != 200 or (job := answer.json())["state"] in _GOING:
        return None
    if job["state"] != "done":
        return "failed"
    file = await client.get(f"/api/v1/scores/{job['id']}/file/")
    scores = [json.loads(line) for line in file.text.splitlines()]
    named = [(row["episode"], row["model"]["sha256"]) for row in scores]
    right = all(is_right(row, model, number) for number, row in enumerate(scores))
    return "done" if named == [(n, model) for n in names] and right else "wrong"
