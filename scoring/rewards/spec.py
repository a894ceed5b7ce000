"""The reward spec: a versioned, hashed declaration of how families become a number.

A spec is data (`specs/schema.json` is its JSON Schema, the YAML files beside it are the
built-in ones). What it promises follows from its weights alone: see `margin.py`.
"""

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, cast

import yaml
from jsonschema import Draft202012Validator

from scoring.errors import InvalidSpec
from scoring.rewards.margin import Margin, lint, lost
from scoring.rewards.rules import (
    OVERLONG,
    Auxiliary,
    Dpo,
    Final,
    Gate,
    Kto,
    Order,
    Overlong,
    Process,
    Repetition,
    Sft,
    SocialRule,
    Tools,
)

FAMILIES = ("final", "process", "auxiliary", "social")
COLUMNS = (*FAMILIES, "gate")

_SPECS = Path(__file__).parent / "specs"


@dataclass(frozen=True, slots=True)
class Spec:
    """What a score is computed by; equal specs have equal `sha256`.

    `gamma` and `lam` are advice for trainers and the default of returns and GAE; the
    total of a score is undiscounted.
    """

    id: str
    version: str
    gamma: float
    lam: float
    final: Final
    process: Process
    auxiliary: Auxiliary
    social: SocialRule
    gate: Gate
    eps: float
    dpo: Dpo
    kto: Kto
    sft: Sft

    @classmethod
    def from_dict(cls, data: Any) -> "Spec":
        """Check and convert a spec.

        Raises:
            InvalidSpec: with the JSON pointer of the first thing wrong.
        """
        _check(data)
        data = _normal(data)
        parts, consumers = data["components"], data["consumers"]
        process, auxiliary = parts["process"], parts["auxiliary"]
        return cls(
            id=data["id"],
            version=data["version"],
            gamma=data["gamma"],
            lam=data["lambda"],
            final=Final(**parts["final"]),
            process=Process(
                **{**process, "order": tuple(Order(**o) for o in process["order"])}
            ),
            auxiliary=Auxiliary(
                auxiliary["weight"],
                Overlong(**auxiliary["tokens"]),
                Overlong(**auxiliary["cost"]),
                Overlong(**auxiliary["seconds"]),
                Tools(**auxiliary["tools"]),
                Repetition(**auxiliary["repetition"]),
            ),
            social=SocialRule(**parts["social"]),
            gate=Gate(**data["gate"]),
            eps=data["group"]["eps"],
            dpo=Dpo(**consumers["dpo"]),
            kto=Kto(**consumers["kto"]),
            sft=Sft(**consumers["sft"]),
        )

    def to_dict(self) -> dict[str, Any]:
        """The canonical form: `Spec.from_dict` takes it back to an equal spec."""
        return {
            "id": self.id,
            "version": self.version,
            "gamma": self.gamma,
            "lambda": self.lam,
            "components": {name: _plain(getattr(self, name)) for name in FAMILIES},
            "gate": _plain(self.gate),
            "group": {"eps": self.eps},
            "consumers": {k: _plain(getattr(self, k)) for k in ("dpo", "kto", "sft")},
        }

    @property
    def sha256(self) -> str:
        """Hash of the canonical JSON (sorted keys, no spaces, shortest floats)."""
        return _sha256(self)

    @property
    def weights(self) -> tuple[float, float, float, float]:
        """Weights of final, process, auxiliary, social."""
        parts = (self.final, self.process, self.auxiliary, self.social)
        return cast("tuple[float, float, float, float]", tuple(p.weight for p in parts))

    def margin(self) -> Margin:
        """What the weights alone guarantee, for every episode of every length."""
        return Margin.of(self.weights, self.gate.penalty)

    def lost(self) -> list[str]:
        """Which of `dominance` and `separation` the weights do not keep."""
        return lost(self)

    def lint(self) -> list[str]:
        """Warnings, one sentence each; an empty list means every promise holds."""
        return lint(self)


def named(name: str) -> Spec:
    """The newest built-in spec a name matches.

    Names are `default`, `default@1`, `default@1.0` or `default@1.0.0`, each with or
    without the leading `reward/`.

    Raises:
        InvalidSpec: no built-in spec has that name and version.
    """
    base, at, version = name.removeprefix("reward/").partition("@")
    matching = [
        spec
        for spec in built_in()
        if spec.id == f"reward/{base}" and (not at or _covers(version, spec.version))
    ]
    if not matching:
        raise InvalidSpec(f"there is no built-in spec {name[:80]!r}")
    return max(matching, key=lambda spec: _order_of(spec.version))


def check_successor(older: Spec, newer: Spec) -> None:
    """Refuse a new version of a spec that hides a change: scores of one major version
    must be comparable, so whatever changes a number raises it.

    Raises:
        InvalidSpec: the specs differ and the major version is not raised.
    """
    same = replace(older, version=newer.version) == newer
    was, now = _order_of(older.version)[0], _order_of(newer.version)[0]
    if older.id == newer.id and not same and now <= was:
        detail = f"another number needs another major version: {was + 1}.0.0"
        raise InvalidSpec(detail, pointer="/version")


@cache
def built_in() -> tuple[Spec, ...]:
    """Every spec shipped with the library, by file name."""
    texts = (path.read_text("utf-8") for path in sorted(_SPECS.glob("*.yaml")))
    return tuple(Spec.from_dict(yaml.safe_load(text)) for text in texts)


@cache
def json_schema() -> dict[str, Any]:
    """The JSON Schema of a spec, for API documentation and editors."""
    return cast("dict[str, Any]", json.loads((_SPECS / "schema.json").read_text()))


@lru_cache(maxsize=256)
def _sha256(spec: Spec) -> str:
    text = json.dumps(spec.to_dict(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json_schema())


def _check(data: Any) -> None:
    errors = sorted(_validator().iter_errors(data), key=lambda error: list(error.path))
    if errors:
        pointer = "".join(f"/{part}" for part in errors[0].absolute_path)
        raise InvalidSpec(errors[0].message[:300], pointer=pointer)
    # NaN is no number to JSON, but passes every comparison a schema can make
    for pointer, number in _numbers_in(data, ""):
        if not math.isfinite(number):
            raise InvalidSpec("expected a finite number", pointer=pointer)
    for name in OVERLONG:
        rule = data["components"]["auxiliary"][name]
        if rule["soft"] >= rule["hard"]:
            at = f"/components/auxiliary/{name}/soft"
            raise InvalidSpec("soft must lie below hard", pointer=at)


def _numbers_in(value: Any, at: str) -> list[tuple[str, float]]:
    if isinstance(value, float):
        return [(at, value)]
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
    return [pair for key, item in items for pair in _numbers_in(item, f"{at}/{key}")]


def _normal(value: Any, key: str = "") -> Any:
    """Lists as tuples and quantities as floats: 1 and 1.0 must have one hash."""
    if isinstance(value, dict):
        return {k: _normal(item, k) for k, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_normal(item) for item in value)
    if not isinstance(value, int | float):
        return value
    return int(value) if key in _COUNTS else float(value)


def _plain(part: Any) -> dict[str, Any]:
    """A rule of the spec as JSON: lists for tuples, without what is absent."""
    return asdict(part, dict_factory=lambda pairs: _listed(dict(pairs)))


def _listed(row: dict[str, Any]) -> dict[str, Any]:
    # optional, and newer than the first specs: their hashes must not change
    for name, absent in (("then", None), ("detectors", ()), ("aggregate", "min")):
        if row.get(name, "") == absent:
            del row[name]
    return {k: list(v) if isinstance(v, tuple) else v for k, v in row.items()}


def _covers(version: str, full: str) -> bool:
    return f"{full}.".startswith(f"{version}.")


def _order_of(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


_COUNTS = {"n", "least"}
