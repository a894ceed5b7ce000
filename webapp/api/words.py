"""The words of the product as shapes: Episode, Signals, Score and what surrounds them.

`docs/episode-format.md` and `docs/rewards.md` say what each field means.
"""

import json

from scoring.detection import AXES
from scoring.rewards.spec import COLUMNS, FAMILIES, json_schema
from scoring.schema import FORMAT, KINDS, MAX_STEPS
from webapp.api.shapes import (
    COUNT,
    FLAG,
    NUMBER,
    OBJECT,
    PROBABILITY,
    SHA256,
    TEXT,
    UUID,
    choice,
    component,
    listing,
    maybe,
    record,
    text,
)

# The library reads these, with better pointers than a schema gives: `reading.check`
# leaves them open.
READ_BY_THE_LIBRARY = ("Episode", "Signals", "Spec")

_BIG_COUNT = {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}
_FINITE = {"type": "number", "minimum": -1e15, "maximum": 1e15}

_CALL = record(
    {"name": text(10_000)},
    {
        "id": maybe(TEXT),
        "arguments": {},
        "result": maybe(TEXT),
        "is_error": FLAG,
    },
)
_STEP = {
    **record(
        {},
        {
            "index": COUNT,
            "agent": TEXT,
            "kind": choice(*KINDS),
            "observation": TEXT,
            "thought": TEXT,
            "text": TEXT,
            "calls": listing(_CALL),
            "reward": maybe(_FINITE),
            "tokens": maybe(
                record({}, {"in": maybe(_BIG_COUNT), "out": maybe(_BIG_COUNT)})
            ),
            "cost": maybe(_FINITE),
            "started_at": maybe(TEXT),
            "ended_at": maybe(TEXT),
            "error": maybe(TEXT),
            "raw_ref": maybe(TEXT),
        },
    ),
    "description": "Needs a text, a thought or a call.",
}
OUTCOME = record(
    {},
    {
        "success": maybe(FLAG),
        "score": maybe(PROBABILITY),
        "answer": maybe(TEXT),
        "reference": maybe(TEXT),
    },
)
EPISODE = component(
    "Episode",
    record(
        {"task": text(2**31), "steps": listing(_STEP, least=1, most=MAX_STEPS)},
        {
            "format": choice(FORMAT),
            "id": TEXT,
            "system": TEXT,
            "agent": TEXT,
            "model": TEXT,
            "outcome": maybe(OUTCOME),
            "ended": choice("terminated", "truncated"),
            "gamma": maybe(PROBABILITY),
            "meta": OBJECT,
        },
    ),
)
STORED = component("StoredEpisode", record({"id": UUID}))

_SERIES = listing(maybe(PROBABILITY), least=1, most=MAX_STEPS)
SIGNALS = component(
    "Signals",
    record(
        {"q": _SERIES},
        {
            "id": TEXT,
            "value": maybe(_SERIES),
            "final": maybe(PROBABILITY),
            "social": maybe(PROBABILITY),
            "aux": maybe(listing({"type": "number", "minimum": -1, "maximum": 0})),
            "harm": maybe(listing(PROBABILITY)),
            "violations": maybe(listing(COUNT)),
            "ended": choice("terminated", "truncated"),
        },
    ),
)
# its own $defs move with it into the OpenAPI document
_SPEC = json.dumps(json_schema()).replace("#/$defs", "#/components/schemas/Spec/$defs")
SPEC = component("Spec", json.loads(_SPEC))
SPEC_NAME = {
    **text(120),
    "description": "`default@1`, `tool_agent@1.0.0` or a sha256; without it the "
    "project's own.",
}
MODEL_NAME = {**text(80), "description": "`champion`, `v3` or the start of a sha256."}

_DETECTION = record(
    {"probability": PROBABILITY},
    {"pointer": maybe(TEXT), "start": maybe(COUNT), "end": maybe(COUNT)},
)
_CELLS = {name: maybe(NUMBER) for name in COLUMNS}
_FAMILY = {
    "type": "object",
    "properties": {"raw": maybe(NUMBER), "weighted": maybe(NUMBER)},
    "required": ["raw", "weighted"],
}
SCORED_STEP = record(
    {
        "index": COUNT,
        "q": maybe(PROBABILITY),
        "q_std": maybe(NUMBER),
        "verdict": maybe(record(dict.fromkeys(("-1", "0", "1"), NUMBER))),
        "value": maybe(PROBABILITY),
        "rewards": record(_CELLS),
        "flags": listing(TEXT),
    },
    # what the model's social heads say of the step; scores of before have none
    {"social": record({}, dict.fromkeys(AXES, _DETECTION))},
)
USAGE = record({"tokens": COUNT, "cached_tokens": COUNT})
SCORE = component(
    "Score",
    {
        "type": "object",
        "description": "The cells of steps × families sum to `total`, which is null "
        "(and `valid` false, with a reason) where a family that must not be guessed "
        "has no source.",
        "properties": {
            "episode": TEXT,
            "valid": FLAG,
            "reasons": listing(TEXT),
            "model": maybe(OBJECT),
            "spec": {
                "type": "object",
                "properties": {"id": TEXT, "version": TEXT, "sha256": SHA256},
            },
            "total": maybe(NUMBER),
            "families": record(dict.fromkeys(FAMILIES, _FAMILY)),
            "gate": record({"penalty": maybe(NUMBER), "violations": listing(OBJECT)}),
            "steps": listing(SCORED_STEP),
            "usage": USAGE,
            "truncation": maybe(OBJECT),
        },
        "required": ["episode", "valid", "reasons", "total", "families", "steps"],
    },
)
SCORES = component("Scores", record({"scores": listing(SCORE)}))

PROBLEM = component(
    "Problem",
    {
        "type": "object",
        "description": "RFC 9457. `pointer` (RFC 6901) and `line` say where.",
        "properties": {
            "type": TEXT,
            "title": TEXT,
            "status": COUNT,
            "detail": TEXT,
            "code": TEXT,
            "pointer": TEXT,
            "line": COUNT,
        },
        "required": ["type", "title", "status", "detail", "code"],
    },
)
