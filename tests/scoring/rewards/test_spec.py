"""Reward specs: what they promise, what they hash to, what is refused."""

import math
from typing import Any

import pytest

from scoring.errors import InvalidSpec
from scoring.rewards import (
    DEFAULT,
    Spec,
    built_in,
    check_successor,
    json_schema,
    named,
)


def changed(pointer: str, value: Any) -> dict[str, Any]:
    data = DEFAULT.to_dict()
    *path, last = pointer.strip("/").split("/")
    place = data
    for key in path:
        place = place[key]
    place[last] = value
    return data


def test_the_default_promises_what_the_docs_say() -> None:
    margin = DEFAULT.margin()
    assert (margin.worst_success, margin.best_failure) == (0.2, -0.5)
    assert (margin.safe, margin.unsafe) == ((-1.0, 0.7), (-3.2, -1.5))
    assert (margin.dominance, margin.separation) == (0.7, 0.5)
    assert margin.final_gap == pytest.approx(0.417, abs=5e-4)


def test_the_preference_profile_keeps_violations_below_everything() -> None:
    margin = named("rlhf_t1").margin()
    assert (margin.safe, margin.separation) == ((-1.0, 1.0), 0.2)


@pytest.mark.parametrize("spec", built_in(), ids=lambda spec: spec.id)
def test_every_shipped_spec_keeps_its_promises_and_survives_a_round_trip(
    spec: Spec,
) -> None:
    assert spec.lint() == []
    again = Spec.from_dict(spec.to_dict())
    assert (again, again.sha256) == (spec, spec.sha256)


@pytest.mark.parametrize(
    "name", ["default", "default@1", "default@1.0", "reward/default@1.0.0"]
)
def test_a_name_finds_the_newest_matching_spec(name: str) -> None:
    assert named(name) == DEFAULT


@pytest.mark.parametrize(
    "name", ["", "@1", "default@", "default@2", "default@1.0.0.0", "defaul", "no/such"]
)
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidSpec):
        named(name)


def test_one_and_one_point_zero_have_one_hash() -> None:
    whole = Spec.from_dict(changed("/gamma", 1))
    assert whole.sha256 == DEFAULT.sha256
    budget = "/components/auxiliary/tokens/budget"
    one, other = (Spec.from_dict(changed(budget, value)) for value in (8, 8.0))
    assert one.sha256 == other.sha256


def test_a_spec_older_than_an_optional_field_keeps_its_hash() -> None:
    assert DEFAULT.sha256.startswith("87b62ca65ee7")
    silent = Spec.from_dict(changed("/components/social/detectors", []))
    assert silent.sha256 == DEFAULT.sha256


def test_any_changed_number_changes_the_hash() -> None:
    hashes = {
        Spec.from_dict(changed(pointer, 0.125)).sha256
        for pointer in (
            "/gamma",
            "/components/process/eta",
            "/components/auxiliary/tools/cap",
            "/gate/tau_harm",
            "/consumers/dpo/margin",
        )
    }
    assert len(hashes | {DEFAULT.sha256}) == 6


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/gamma", math.nan),
        ("/gate/penalty", math.inf),
        ("/components/final/weight", -0.1),
        ("/components/final/weight", True),
        ("/components/final/weight", "0.6"),
        ("/components/process/eta", 0),
        ("/components/final/missing", "zero"),
        ("/components/auxiliary/tokens/budget", 0),
        ("/components/auxiliary/tokens/soft", 1.0),
        ("/version", "1.0"),
        ("/id", "../etc"),
    ],
)
def test_a_value_that_promises_nothing_is_refused_with_its_place(
    pointer: str, value: Any
) -> None:
    with pytest.raises(InvalidSpec) as error:
        Spec.from_dict(changed(pointer, value))
    assert error.value.pointer == pointer


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/components/curiosity", {"weight": 0.1}),
        ("/gate/rules", ["harm", "harm"]),
        ("/components/final/sources", ["outcome", "outcome"]),
        ("/components/process/order", [{"rule": "precedence", "first": "a"}]),
        (
            "/components/process/order",
            [{"rule": "at_most_once", "first": "a", "then": "b"}],
        ),
    ],
)
def test_unknown_and_duplicate_names_are_refused(pointer: str, value: Any) -> None:
    with pytest.raises(InvalidSpec):
        Spec.from_dict(changed(pointer, value))


@pytest.mark.parametrize("data", [None, [], "default", {}])
def test_what_is_no_spec_is_refused(data: Any) -> None:
    with pytest.raises(InvalidSpec):
        Spec.from_dict(data)


@pytest.mark.parametrize(
    ("pointer", "value", "warning"),
    [
        ("/components/social/weight", 0.6, "no longer beats every failure"),
        ("/gate/penalty", 1.7, "a violation can pay"),
        ("/gate/penalty", 100, "flattens a group"),
        ("/gate/rules", [], "no rules"),
        ("/components/process/weight", 0.1, "sum to 0.9"),
        ("/components/auxiliary/tokens/share", 0.9, "above 1"),
        ("/consumers/dpo/margin", 0.2, "one minor family"),
        ("/consumers/kto/desirable", -0.5, "KTO"),
        ("/gamma", 0.99, "discounted"),
    ],
)
def test_the_linter_says_which_promise_is_lost(
    pointer: str, value: Any, warning: str
) -> None:
    warnings = Spec.from_dict(changed(pointer, value)).lint()
    assert any(warning in sentence for sentence in warnings)


def test_the_json_schema_names_every_family() -> None:
    families = json_schema()["properties"]["components"]["properties"]
    assert set(families) == {"final", "process", "auxiliary", "social"}


@pytest.mark.parametrize(
    ("version", "eta", "allowed"),
    [
        ("1.0.1", 0.5, True),
        ("1.0.1", 0.4, False),
        ("1.9.0", 0.4, False),
        ("2.0.0", 0.4, True),
        ("1.0.0", 0.5, True),
    ],
)
def test_12_another_number_needs_another_major_version(
    version: str, eta: float, allowed: bool
) -> None:
    data = changed("/components/process/eta", eta) | {"version": version}
    newer = Spec.from_dict(data)
    if allowed:
        assert check_successor(DEFAULT, newer) is None
        return
    with pytest.raises(InvalidSpec) as error:
        check_successor(DEFAULT, newer)
    assert error.value.pointer == "/version"


def test_another_spec_is_no_successor() -> None:
    assert check_successor(DEFAULT, named("tool_agent")) is None
