"""The words of the product as plain data: Episode, Step, Call, Outcome, Prediction.

An episode is one run of an agent on a task, a POMDP history of T steps. A step is one
decision: one model response with all its tool calls and their results. What users or
the environment say is the *observation* of the step that follows, never a step.

`Episode.from_dict` is the only way in and refuses anything that isn't
`pacenote/episode@1`, saying where; `to_dict` gives it back unchanged.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from scoring.errors import InvalidEpisode

FORMAT = "pacenote/episode@1"

KINDS = (
    "perception",
    "planning",
    "reasoning",
    "tool",
    "memory",
    "reflection",
    "message",
)
VERDICTS = (-1, 0, 1)
MAX_STEPS = 50_000

Ended = Literal["terminated", "truncated"]


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call. `arguments` is an object, or the raw text where it didn't parse;
    `result` is None when nothing came back (a crash, or a tool that ends the run)."""

    name: str
    arguments: Any = None
    id: str | None = None
    result: str | None = None
    is_error: bool = False

    @classmethod
    def from_dict(cls, data: Any, at: str) -> "Call":
        row = _object(data, at, {"name", "arguments", "id", "result", "is_error"})
        return cls(
            name=_text(row, "name", at) or _fail("a call needs a name", f"{at}/name"),
            arguments=row.get("arguments"),
            id=_maybe_text(row, "id", at),
            result=_maybe_text(row, "result", at),
            is_error=_flag(row, "is_error", at),
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "arguments": self.arguments,
            "result": self.result,
            "is_error": self.is_error,
        }


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens the agent's model read (`inputs`) and wrote (`outputs`) in a step."""

    inputs: int | None = None
    outputs: int | None = None

    @classmethod
    def from_dict(cls, data: Any, at: str) -> "Tokens":
        row = _object(data, at, {"in", "out"})
        return cls(_maybe_count(row, "in", at), _maybe_count(row, "out", at))

    def to_dict(self) -> dict[str, Any]:
        return {"in": self.inputs, "out": self.outputs}


@dataclass(frozen=True, slots=True)
class Step:
    """One decision of the agent. `observation` is what came in since the step before,
    `kind` one of KINDS, `reward` the environment's own, `cost` in US dollars, times in
    ISO 8601, `raw_ref` where in the source file it stood."""

    index: int
    text: str = ""
    thought: str = ""
    observation: str = ""
    calls: tuple[Call, ...] = ()
    agent: str = ""
    kind: str = "message"
    reward: float | None = None
    tokens: Tokens | None = None
    cost: float | None = None
    started_at: str | None = None
    ended_at: str | None = None
    error: str | None = None
    raw_ref: str | None = None

    @classmethod
    def from_dict(cls, data: Any, index: int) -> "Step":
        at = f"/steps/{index}"
        row = _object(data, at, _STEP_KEYS)
        if row.get("index", index) != index:
            _fail(f"expected index {index}", f"{at}/index")
        calls = tuple(
            Call.from_dict(call, f"{at}/calls/{i}")
            for i, call in enumerate(_list(row, "calls", at))
        )
        step = cls(
            index=index,
            text=_text(row, "text", at),
            thought=_text(row, "thought", at),
            observation=_text(row, "observation", at),
            calls=calls,
            agent=_text(row, "agent", at),
            kind=_kind(row, at)
            or infer_kind(calls, row.get("thought"), row.get("text")),
            reward=_maybe_number(row, "reward", at),
            tokens=None
            if row.get("tokens") is None
            else Tokens.from_dict(row["tokens"], f"{at}/tokens"),
            cost=_maybe_number(row, "cost", at),
            started_at=_maybe_text(row, "started_at", at),
            ended_at=_maybe_text(row, "ended_at", at),
            error=_maybe_text(row, "error", at),
            raw_ref=_maybe_text(row, "raw_ref", at),
        )
        if not (step.text or step.thought or step.calls):
            _fail("a step needs text, a thought or a call", at)
        return step

    def to_dict(self) -> dict[str, Any]:
        return {
            "index": self.index,
            "agent": self.agent,
            "kind": self.kind,
            "observation": self.observation,
            "thought": self.thought,
            "text": self.text,
            "calls": [call.to_dict() for call in self.calls],
            "reward": self.reward,
            "tokens": self.tokens and self.tokens.to_dict(),
            "cost": self.cost,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "error": self.error,
            "raw_ref": self.raw_ref,
        }

    def content_hash(self) -> str:
        """Identity of the decision: what was seen, thought, said and called."""
        calls = [call.to_dict() for call in self.calls]
        return _sha256([self.agent, self.observation, self.thought, self.text, calls])


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the run ended: `success` True/False/None (unknown), `score` in [0, 1]."""

    success: bool | None = None
    score: float | None = None
    answer: str | None = None
    reference: str | None = None

    @classmethod
    def from_dict(cls, data: Any, at: str = "/outcome") -> "Outcome":
        if data is None:
            return cls()
        row = _object(data, at, {"success", "score", "answer", "reference"})
        success, score = row.get("success"), _maybe_number(row, "score", at)
        if success is not None and not isinstance(success, bool):
            _fail("expected true, false or null", f"{at}/success")
        if score is not None and not 0 <= score <= 1:
            _fail("expected a number between 0 and 1", f"{at}/score")
        answer, reference = (_maybe_text(row, k, at) for k in ("answer", "reference"))
        return cls(success, score, answer, reference)

    def to_dict(self) -> dict[str, Any]:
        return {
            "success": self.success,
            "score": self.score,
            "answer": self.answer,
            "reference": self.reference,
        }

    @property
    def value(self) -> float | None:
        """f of the reward spec, in [0, 1]: the score, else the success, else None."""
        if self.score is not None:
            return self.score
        return None if self.success is None else float(self.success)


@dataclass(frozen=True, slots=True)
class Episode:
    """One run of an agent. `gamma` is the project's discount and comes from no file."""

    task: str
    steps: tuple[Step, ...]
    id: str = ""
    system: str = ""
    agent: str = ""
    model: str = ""
    outcome: Outcome = Outcome()
    ended: Ended = "terminated"
    gamma: float | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, data: Any) -> "Episode":
        """Check and convert one `pacenote/episode@1` object.

        Raises:
            InvalidEpisode: with the JSON pointer of the first thing wrong.
        """
        row = _object(data, "", _EPISODE_KEYS)
        if row.get("format", FORMAT) != FORMAT:
            _fail(f"expected {FORMAT!r}", "/format")
        steps = _list(row, "steps", "")
        if not steps:
            _fail("an episode needs at least one step", "/steps")
        if len(steps) > MAX_STEPS:
            _fail(f"{len(steps)} steps (at most {MAX_STEPS})", "/steps")
        return cls(
            task=_text(row, "task", "") or _fail("an episode needs a task", "/task"),
            steps=tuple(Step.from_dict(step, i) for i, step in enumerate(steps)),
            id=_text(row, "id", ""),
            system=_text(row, "system", ""),
            agent=_text(row, "agent", ""),
            model=_text(row, "model", ""),
            outcome=Outcome.from_dict(row.get("outcome")),
            ended=_ended(row),
            gamma=_gamma(row),
            meta=_object(row.get("meta") or {}, "/meta", None),
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "id": self.id,
            "task": self.task,
            "system": self.system,
            "agent": self.agent,
            "model": self.model,
            "steps": [step.to_dict() for step in self.steps],
            "outcome": self.outcome.to_dict(),
            "ended": self.ended,
            "gamma": self.gamma,
            "meta": dict(self.meta),
        }

    def content_hash(self) -> str:
        """Identity of a run: the same upload twice is the same episode."""
        steps = [step.content_hash() for step in self.steps]
        return _sha256([self.id, self.task, self.system, self.agent, self.model, steps])

    def group(self) -> str:
        """Hash of the normalised task: data sets are split by it, never by run."""
        return _sha256(" ".join(self.task.lower().split()))


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a reward model says of one episode; lists have one entry a step.

    `q` is P(step not wrong | prefix), `q_std` the disagreement of the heads, `verdicts`
    the probabilities of (-1, 0, +1), `value` P(success | prefix), None where the model
    has no such head. A step without a score has NaN-free None and a reason in
    `truncation`.
    """

    q: tuple[float | None, ...]
    q_std: tuple[float | None, ...]
    verdicts: tuple[tuple[float, float, float] | None, ...]
    value: tuple[float | None, ...]
    tokens: int = 0
    cached_tokens: int = 0
    truncation: Mapping[str, Any] | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Prediction":
        """The inverse of to_dict; the data is our own, so nothing is checked."""
        verdicts = tuple(v and (v[0], v[1], v[2]) for v in data["verdicts"])
        return cls(
            q=tuple(data["q"]),
            q_std=tuple(data["q_std"]),
            verdicts=verdicts,
            value=tuple(data["value"]),
            tokens=data["tokens"],
            cached_tokens=data["cached_tokens"],
            truncation=data["truncation"],
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "q": list(self.q),
            "q_std": list(self.q_std),
            "verdicts": [v and list(v) for v in self.verdicts],
            "value": list(self.value),
            "tokens": self.tokens,
            "cached_tokens": self.cached_tokens,
            "truncation": self.truncation and dict(self.truncation),
        }


def infer_kind(calls: Sequence[Call], thought: Any, text: Any) -> str:
    """The kind of a step whose source doesn't say: a call makes it a tool step, a bare
    thought reasoning, anything said to somebody a message."""
    if calls:
        return "tool"
    return "reasoning" if thought and not text else "message"


_STEP_KEYS = {
    *("index", "agent", "kind", "observation", "thought", "text", "calls", "reward"),
    *("tokens", "cost", "started_at", "ended_at", "error", "raw_ref"),
}
_EPISODE_KEYS = {
    *("format", "id", "task", "system", "agent", "model", "steps", "outcome", "ended"),
    *("gamma", "meta"),
}


def _fail(detail: str, pointer: str) -> Any:
    raise InvalidEpisode(detail, pointer=pointer)


def _sha256(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _object(value: Any, at: str, keys: set[str] | None) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        _fail("expected an object", at)
    unknown = sorted(set(value) - keys) if keys is not None else []
    if unknown:
        _fail(f"unknown field {unknown[0][:80]!r}", at)
    return value  # type: ignore[no-any-return]


def _list(row: Mapping[str, Any], key: str, at: str) -> list[Any]:
    value = row.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        _fail("expected a list", f"{at}/{key}")
    return value  # type: ignore[no-any-return]


def _maybe_text(row: Mapping[str, Any], key: str, at: str) -> str | None:
    value = row.get(key)
    if value is not None and not isinstance(value, str):
        _fail("expected text", f"{at}/{key}")
    return value


def _text(row: Mapping[str, Any], key: str, at: str) -> str:
    return _maybe_text(row, key, at) or ""


def _flag(row: Mapping[str, Any], key: str, at: str) -> bool:
    value = row.get(key, False)
    if not isinstance(value, bool):
        _fail("expected true or false", f"{at}/{key}")
    return value  # type: ignore[no-any-return]


def _maybe_number(row: Mapping[str, Any], key: str, at: str) -> float | None:
    value = row.get(key)
    if value is None:
        return None
    # bool is an int in Python, and would pass as 1.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        _fail("expected a number", f"{at}/{key}")
    if not math.isfinite(value) or abs(value) > 1e15:
        _fail("expected a finite number within ±1e15", f"{at}/{key}")
    return float(value)


def _maybe_count(row: Mapping[str, Any], key: str, at: str) -> int | None:
    value = row.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        _fail("expected a whole number, 0 or more", f"{at}/{key}")
    return value


def _kind(row: Mapping[str, Any], at: str) -> str | None:
    kind = _maybe_text(row, "kind", at)
    if kind and kind not in KINDS:
        _fail(f"expected one of {', '.join(KINDS)}", f"{at}/kind")
    return kind


def _ended(row: Mapping[str, Any]) -> Ended:
    ended: Ended = row.get("ended") or "terminated"
    if ended not in ("terminated", "truncated"):
        _fail("expected terminated or truncated", "/ended")
    return ended


def _gamma(row: Mapping[str, Any]) -> float | None:
    gamma = _maybe_number(row, "gamma", "")
    if gamma is not None and not 0 <= gamma <= 1:
        _fail("expected a number between 0 and 1", "/gamma")
    return gamma
