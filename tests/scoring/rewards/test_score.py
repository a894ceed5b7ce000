"""A whole episode, a prediction, and the Score they make."""

import json
from dataclasses import replace

import pytest

from scoring.errors import InvalidEpisode, InvalidSignals, ModelMismatch
from scoring.rewards import DEFAULT, Signals, Social, combine, named, read, score
from scoring.schema import Outcome, Prediction
from tests.scoring.rewards.cases import call, cells, column, run, say

EPISODE = run(
    call("look_up", {"order": 7}),
    say("Shall I refund it?"),
    call("refund", {"order": 7}, observation="yes please"),
    say("Done, the money is on its way."),
)


def told(*q: float | None, std: float | None = None) -> Prediction:
    size = len(q)
    return Prediction(
        q=q,
        q_std=(std,) * size,
        verdicts=((0.1, 0.2, 0.7),) * size,
        value=(0.6,) * size,
        tokens=120,
        cached_tokens=40,
    )


def test_a_score_has_every_contracted_field() -> None:
    made = score(EPISODE, told(0.9, 0.8, 0.3, 0.9), model={"id": "m1", "sha256": "ab"})
    assert list(made) == [
        *("episode", "valid", "reasons", "model", "spec", "total", "families"),
        *("gate", "steps", "usage", "truncation"),
    ]
    assert made["model"] == {"id": "m1", "sha256": "ab"}
    assert made["spec"]["sha256"] == DEFAULT.sha256
    assert made["usage"] == {"tokens": 120, "cached_tokens": 40}
    assert made["steps"][2]["verdict"] == {"-1": 0.1, "0": 0.2, "1": 0.7}
    assert sum(map(sum, cells(made))) == pytest.approx(made["total"], abs=1e-9)


def test_what_was_read_before_makes_the_same_score() -> None:
    episode = replace(
        run(
            *(call("look_up", {"token": "ghp_" + "a" * 36}),) * 3,
            call("refund", {"order": 7}),
            say("Done."),
        ),
        meta={"token_budget": 5},
    )
    said = told(0.9, 0.9, 0.9, 0.3, 0.9)
    for spec in (DEFAULT, named("tool_agent")):
        found = read(episode, spec)
        assert found.violations["secret_leak"]
        assert score(episode, said, spec, reading=found) == score(episode, said, spec)


def test_score_and_combine_agree_on_the_same_signals() -> None:
    q = (0.9, 0.8, 0.3, 0.9)
    own = score(EPISODE, told(*q), social=Social(preference=0.7))
    same = combine(Signals("run", q, final=1.0, social=0.7))
    assert own["total"] == same["total"]
    assert cells(own) == cells(same)


def test_no_prediction_carries_forward_and_says_so() -> None:
    made = score(EPISODE, None)
    assert all(step["flags"] == ["carry_forward"] for step in made["steps"])
    assert column(made, "process") == [0.0, 0.0, 0.0, 0.0]
    assert (made["total"], made["families"]["final"]["source"]) == (0.6, "outcome")


def test_a_step_without_q_moves_nothing() -> None:
    made = score(EPISODE, told(0.9, None, 0.3, 0.9))
    assert made["steps"][1]["flags"] == ["carry_forward"]
    assert column(made, "process") == pytest.approx([0, 0, -0.08, 0])


def test_a_missing_outcome_abstains_but_keeps_the_other_cells() -> None:
    unknown = replace(EPISODE, outcome=Outcome(), ended="truncated")
    made = score(unknown, told(0.9, 0.8, 0.3, 0.9))
    assert (made["valid"], made["total"]) == (False, None)
    assert made["reasons"] == ["final_missing"]
    assert column(made, "process") == pytest.approx([0, 0, -0.08, 0])
    assert column(made, "final") == [0.0, 0.0, 0.0, None]


def test_the_value_head_speaks_where_nobody_else_does() -> None:
    made = score(replace(EPISODE, outcome=Outcome()), told(0.9, 0.9, 0.9, 0.9))
    assert made["families"]["final"]["source"] == "value_head"
    assert made["total"] == pytest.approx(0.6 * (2 * 0.6 - 1))


def test_heads_that_disagree_lower_q_and_then_silence_it() -> None:
    wary = score(EPISODE, told(0.4, 0.4, 0.4, 0.4, std=0.2))
    assert column(wary, "process")[0] == pytest.approx(0.2 * (0.38 / 0.5 - 1))
    assert wary["steps"][0]["q"] == 0.4
    torn = score(EPISODE, told(0.4, 0.4, 0.4, 0.4, std=0.26))
    assert torn["steps"][0]["flags"] == ["uncertain", "carry_forward"]
    assert torn["families"]["process"]["raw"] == 0.0


@pytest.mark.parametrize(
    ("social", "raw"),
    [
        (None, 0.0),
        (Social(preference=0.7), 0.4),
        (Social(preference=0.7, tone=0.1), 0.1),
        (Social(preference=0.2, tone=0.1), -0.6),
        (Social(tone=-0.5), -0.5),
        (Social(tone=0.5), 0.0),
    ],
)
def test_tone_is_a_ceiling_on_what_preference_pays(
    social: Social | None, raw: float
) -> None:
    made = score(EPISODE, None, social=social)
    assert made["families"]["social"]["raw"] == pytest.approx(raw)


def test_one_answer_under_the_preference_profile_is_the_preference_model() -> None:
    spec = named("rlhf_t1")
    answer = run(say("Here you are."), outcome=Outcome())
    liked = score(answer, None, spec, social=Social(preference=0.9))
    assert liked["total"] == pytest.approx(0.8)
    unseen = score(answer, None, spec)
    assert (unseen["total"], unseen["reasons"]) == (None, ["social_missing"])


def test_probable_harm_closes_the_gate_at_its_step() -> None:
    made = score(EPISODE, None, social=Social(harm=(0, 0.49, 0.5, 0.9)))
    assert column(made, "gate") == [0.0, 0.0, -2.2, 0.0]
    assert [v["step"] for v in made["gate"]["violations"]] == [2, 3]


def test_a_score_is_plain_json() -> None:
    made = score(replace(EPISODE, outcome=Outcome()), None)
    assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_a_prediction_of_another_episode_is_refused() -> None:
    with pytest.raises(ModelMismatch):
        score(EPISODE, told(0.5))


def test_a_prediction_that_is_no_number_never_reaches_the_reply() -> None:
    with pytest.raises(ModelMismatch):
        score(EPISODE, told(0.9, float("nan"), 0.9, 0.9))


@pytest.mark.parametrize(
    "wrong", [{"preference": 1.1}, {"tone": float("nan")}, {"harm": (True,)}]
)
def test_social_numbers_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidSignals):
        Social(**wrong)  # type: ignore[arg-type]


def test_harm_of_another_length_is_refused() -> None:
    with pytest.raises(InvalidSignals):
        score(EPISODE, None, social=Social(harm=(0.1,)))


@pytest.mark.parametrize("budget", ["8k", True, 0, -1, float("nan"), 10**12])
def test_a_budget_that_is_no_number_is_refused(budget: object) -> None:
    with pytest.raises(InvalidEpisode) as error:
        score(replace(EPISODE, meta={"token_budget": budget}), None)
    assert error.value.pointer == "/meta/token_budget"
