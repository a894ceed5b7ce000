"""How a run ended, out of the columns that logs commonly carry."""

from collections.abc import Mapping
from typing import Any

from scoring.formats import fields
from scoring.formats.conversation import Conversation
from scoring.schema import Ended, Outcome

_SUCCESS = (
    "success",
    "correct",
    "is_correct",
    "resolved",
    "is_success",
    "passed",
    "em",
)
_GRADES = ("correctness", "accuracy", "exact_match")
_SCORE = ("score", "reward", "final_reward")
# the columns of a record that somebody judged
JUDGED = frozenset((*_SUCCESS, *_SCORE, "outcome"))
_REFERENCE = ("reference", "ground_truth", "gt", "true_answer")
_ANSWER = ("final_answer", "pred", "prediction")
_CUT_SHORT = (
    "exit_",
    "limit",
    "max_",
    "timeout",
    "context",
    "length",
    "truncat",
    "halt",
    "abort",
)
_STATUS = {
    **dict.fromkeys(("success", "succeeded", "passed", "resolved", "correct"), True),
    **dict.fromkeys(("failure", "failed", "fail", "incorrect", "wrong"), False),
}


def outcome_of(row: Mapping[str, Any], talk: Conversation) -> Outcome:
    """The outcome in a record's columns, or in its own `outcome` object.

    A reward outside [0, 1] is no score, and a score that contradicts a stated success
    is dropped: both stay in `meta` and are warned of.
    """
    row = {**row, **fields.record(row.get("outcome"))}
    success, score = _success(row), _score(row, talk)
    if None not in (success, score) and (score > 0.5) != success:  # type: ignore[operator]
        talk.warn(f"the score contradicts success={success}; it was left out")
        score = None
    answer, reference = (
        fields.string(row, *names) or None for names in (_ANSWER, _REFERENCE)
    )
    return Outcome(success, score, answer, reference)


def graded(scores: Mapping[str, Any]) -> Outcome:
    """The outcome among the named scores of a tracer. Most of them (toxicity, latency,
    an evaluator's doubts) say nothing of success and stay in `meta`."""
    named = {name.lower(): value for name, value in scores.items()}
    known = [named[name] for name in (*_SUCCESS, *_GRADES, *_SCORE) if name in named]
    said = next((value for value in known if isinstance(value, bool)), None)
    grades = (n for value in known if (n := fields.number(value)) is not None)
    return Outcome(said, next((n for n in grades if 0 <= n <= 1), None))


def ended_by(reason: Any) -> Ended:
    """What a status, stop reason or exit status says of the end of a run."""
    words = reason.lower() if isinstance(reason, str) else ""
    return "truncated" if any(word in words for word in _CUT_SHORT) else "terminated"


def _success(row: Mapping[str, Any]) -> bool | None:
    said = next(
        (row[k] for k in (*_SUCCESS, *_SCORE) if isinstance(row.get(k), bool)), None
    )
    if said is not None:
        return bool(said)
    return _STATUS.get(fields.string(row, "status").lower())


def _score(row: Mapping[str, Any], talk: Conversation) -> float | None:
    score = next(
        (n for k in _SCORE if (n := fields.number(row.get(k))) is not None), None
    )
    if score is not None and not 0 <= score <= 1:
        talk.warn("the reward is outside [0, 1] and was not taken as a score")
        return None
    return score
