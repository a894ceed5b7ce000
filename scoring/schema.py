"""The words of the product as plain data: Episode, Step, Call, Outcome, Prediction.

An episode is one run of an agent on a task, a POMDP history of T steps. A step is one
decision: one model response with all its tool calls and their results. What users or
the environment say is the *observation* of the step that follows, never a step.

`Episode.from_dict` is the only way in and refuses anything that isn't
`pacenote/episode@1`, saying where; `to_dict` gives it back unchanged.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from scoring import fields
from scoring.detection import Detector

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
        row = fields.obj(data, at, {"name", "arguments", "id", "result", "is_error"})
        return cls(
            name=fields.text(row, "name", at)
            or fields.fail("a call needs a name", f"{at}/name"),
            arguments=row.get("arguments"),
            id=fields.maybe_text(row, "id", at),
            result=fields.maybe_text(row, "result", at),
            is_error=fields.flag(row, "is_error", at),
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
        row = fields.obj(data, at, {"in", "out"})
        return cls(
            fields.maybe_count(row, "in", at), fields.maybe_count(row, "out", at)
        )

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
        row = fields.obj(data, at, _STEP_KEYS)
        if row.get("index", index) != index:
            fields.fail(f"expected index {index}", f"{at}/index")
        calls = tuple(
            Call.from_dict(call, f"{at}/calls/{i}")
            for i, call in enumerate(fields.rows(row, "calls", at))
        )
        step = cls(
            index=index,
            text=fields.text(row, "text", at),
            thought=fields.text(row, "thought", at),
            observation=fields.text(row, "observation", at),
            calls=calls,
            agent=fields.text(row, "agent", at),
            kind=_kind(row, at)
            or infer_kind(calls, row.get("thought"), row.get("text")),
            reward=fields.maybe_number(row, "reward", at),
            tokens=None
            if row.get("tokens") is None
            else Tokens.from_dict(row["tokens"], f"{at}/tokens"),
            cost=fields.maybe_number(row, "cost", at),
            started_at=fields.maybe_text(row, "started_at", at),
            ended_at=fields.maybe_text(row, "ended_at", at),
            error=fields.maybe_text(row, "error", at),
            raw_ref=fields.maybe_text(row, "raw_ref", at),
        )
        if not (step.text or step.thought or step.calls):
            fields.fail("a step needs text, a thought or a call", at)
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
        row = fields.obj(data, at, {"success", "score", "answer", "reference"})
        success, score = row.get("success"), fields.maybe_number(row, "score", at)
        if success is not None and not isinstance(success, bool):
            fields.fail("expected true, false or null", f"{at}/success")
        if score is not None and not 0 <= score <= 1:
            fields.fail("expected a number between 0 and 1", f"{at}/score")
        answer, reference = (
            fields.maybe_text(row, k, at) for k in ("answer", "reference")
        )
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
class Blob:
    """Bytes that the texts of an episode speak of as `sha256:…`. `media_type` is what
    their file calls them, which nobody has checked."""

    sha256: str
    data: bytes
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Episode:
    """One run of an agent. `gamma` is the project's discount and comes from no file;
    `blobs` come beside an episode when it is read, and are no part of its JSON."""

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
    blobs: tuple[Blob, ...] = field(default=(), compare=False, repr=False)

    @classmethod
    def from_dict(cls, data: Any) -> "Episode":
        """Check and convert one `pacenote/episode@1` object.

        Raises:
            InvalidEpisode: with the JSON pointer of the first thing wrong.
        """
        row = fields.obj(data, "", _EPISODE_KEYS)
        if row.get("format", FORMAT) != FORMAT:
            fields.fail(f"expected {FORMAT!r}", "/format")
        steps = fields.rows(row, "steps", "")
        if not steps:
            fields.fail("an episode needs at least one step", "/steps")
        if len(steps) > MAX_STEPS:
            fields.fail(f"{len(steps)} steps (at most {MAX_STEPS})", "/steps")
        return cls(
            task=fields.text(row, "task", "")
            or fields.fail("an episode needs a task", "/task"),
            steps=tuple(Step.from_dict(step, i) for i, step in enumerate(steps)),
            id=fields.text(row, "id", ""),
            system=fields.text(row, "system", ""),
            agent=fields.text(row, "agent", ""),
            model=fields.text(row, "model", ""),
            outcome=Outcome.from_dict(row.get("outcome")),
            ended=_ended(row),
            gamma=_gamma(row),
            meta=fields.obj(row.get("meta") or {}, "/meta", None),
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

    def content_hash(self, steps: Sequence[str] | None = None) -> str:
        """Identity of a run: the same upload twice is the same episode. `steps` are the
        hashes of its steps, where the caller has them already."""
        if steps is None:
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
    `truncation`. `social` has what each social head of the model detected, by axis.
    """

    q: tuple[float | None, ...]
    q_std: tuple[float | None, ...]
    verdicts: tuple[tuple[float, float, float] | None, ...]
    value: tuple[float | None, ...]
    tokens: int = 0
    # what it cost is no part of what is said
    cached_tokens: int = field(default=0, compare=False)
    truncation: Mapping[str, Any] | None = None
    social: Mapping[str, Detector] = field(default_factory=dict)

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
            social={
                axis: Detector.from_dict(found)
                for axis, found in data.get("social", {}).items()
            },
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
            "social": {axis: found.to_dict() for axis, found in self.social.items()},
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


# made once: `dumps` would make one for each hash
_CANONICAL = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":")
).encode


def _sha256(value: Any) -> str:
    text = _CANONICAL(value).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()


def _kind(row: Mapping[str, Any], at: str) -> str | None:
    kind = fields.maybe_text(row, "kind", at)
    if kind and kind not in KINDS:
        fields.fail(f"expected one of {', '.join(KINDS)}", f"{at}/kind")
    return kind


def _ended(row: Mapping[str, Any]) -> Ended:
    ended: Ended = row.get("ended") or "terminated"
    if ended not in ("terminated", "truncated"):
        fields.fail("expected terminated or truncated", "/ended")
    return ended


def _gamma(row: Mapping[str, Any]) -> float | None:
    gamma = fields.maybe_number(row, "gamma", "")
    if gamma is not None and not 0 <= gamma <= 1:
        fields.fail("expected a number between 0 and 1", "/gamma")
    return gamma
