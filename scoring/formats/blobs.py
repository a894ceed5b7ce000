"""Images and other base64 in a record: taken out, so that no reader ever meets them.

Where one stood stands `sha256:…`, the hash of its bytes; the bytes themselves go beside
the episode that speaks of them (`Episode.blobs`), up to a limit.
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from scoring.schema import Blob, Episode

# of one episode; what is beyond them leaves the text too, and is not kept
MAX_BYTES = 16 << 20
MAX_COUNT = 200
# no picture is shorter, in base64
SHORTEST = 64

Blobs = dict[str, Blob]

_URL = re.compile(
    r"data:([\w.+-]{1,60}/[\w.+-]{1,60})?(?:;[\w.+-]{1,40}=[\w.+-]{1,80}){0,4};base64,"
    rf"([A-Za-z0-9+/_-]{{{SHORTEST},}})={{0,2}}"
)
_BARE = re.compile(r"[A-Za-z0-9+/]+={0,2}")
# how base64 of PNG, JPEG, GIF, RIFF (WebP, WAV), PDF, MP3 and Ogg begins
_BEGINNINGS = (
    *("iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR", "JVBERi0", "SUQz", "T2dnUw"),
)
NAMED = re.compile(r"sha256:([0-9a-f]{64})")


def taken_out(value: Any, into: Blobs) -> Any:
    """The same JSON value with `sha256:…` in the place of every blob, which goes `into`
    a dictionary by its hash. What holds none is given back itself, not a copy."""
    if isinstance(value, str):
        return value if len(value) < SHORTEST else _text(value, into)
    if isinstance(value, dict):
        changed = _changed(value.items(), into)
        return {**value, **changed} if changed else value
    # long lists of numbers are tokens or an observation
    if isinstance(value, list) and value and not isinstance(value[0], int | float):
        changed = _changed(enumerate(value), into)
        return [changed.get(i, v) for i, v in enumerate(value)] if changed else value
    return value


def _changed(items: Iterable[tuple[Any, Any]], into: Blobs) -> dict[Any, Any]:
    """What holds a blob, by its key or place, without it. Every value of every row goes
    through here, so what can't hold one isn't even asked."""
    changed = {}
    for key, value in items:
        if len(value) < SHORTEST if isinstance(value, str) else not value:
            continue
        if (new := taken_out(value, into)) is not value:
            changed[key] = new
    return changed


def beside(episode: Episode, blobs: Blobs) -> tuple[tuple[Blob, ...], int]:
    """The blobs that an episode speaks of, and how many more there was no room for."""
    found = [
        blobs[name] for name in named(json.dumps(episode.to_dict())) if name in blobs
    ]
    kept: list[Blob] = []
    room = MAX_BYTES
    for blob in found:
        if len(blob.data) <= room and len(kept) < MAX_COUNT:
            kept.append(blob)
            room -= len(blob.data)
    return tuple(kept), len(found) - len(kept)


def named(text: str) -> list[str]:
    """The hashes of the blobs that a text speaks of, each once, in order."""
    return list(dict.fromkeys(NAMED.findall(text)))


def _text(value: str, into: Blobs) -> str:
    if ";base64," in value:
        return _URL.sub(lambda found: _kept(found[2], found[1] or "", into), value)
    if value.startswith(_BEGINNINGS):
        whole = value.replace("\r", "").replace("\n", "")
        return _kept(whole, "", into) if _BARE.fullmatch(whole) else value
    return value


def _kept(data: str, media_type: str, into: Blobs) -> str:
    digits = data.rstrip("=").replace("+", "-").replace("/", "_")
    # one digit over is six bits of nothing
    digits = digits[: len(digits) - (len(digits) % 4 == 1)]
    raw = urlsafe_b64decode(digits + "=" * (-len(digits) % 4))
    name = sha256(raw).hexdigest()
    into.setdefault(name, Blob(name, raw, media_type))
    return f"sha256:{name}"
