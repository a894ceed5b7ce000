"""The final family: f in [0, 1], and who said so. An unknown outcome stays unknown."""

from collections.abc import Callable, Mapping

from scoring.rewards.graders import GRADERS
from scoring.rewards.rules import Final
from scoring.rewards.verified import passed_tests, state_reached
from scoring.schema import Episode, Prediction


def outcome(
    episode: Episode, prediction: Prediction, rule: Final
) -> tuple[float | None, str | None]:
    """f of an episode and the source it came from, (None, None) where none knows.

    Sources are asked in the order of the spec: `outcome` (the file, a verifier or an
    annotator), `tests` and `state` (what a verifier left in `meta`), `answer` (graded
    against the reference), `value_head` (the model's P(success) after the last step).
    """
    for source in rule.sources:
        f = _SOURCES[source](episode, prediction, rule)
        if f is not None:
            return f, source
    return None, None


def _stated(episode: Episode, prediction: Prediction, rule: Final) -> float | None:
    return episode.outcome.value


def _tested(episode: Episode, prediction: Prediction, rule: Final) -> float | None:
    return passed_tests(episode.meta)


def _reached(episode: Episode, prediction: Prediction, rule: Final) -> float | None:
    return state_reached(episode)


def _graded(episode: Episode, prediction: Prediction, rule: Final) -> float | None:
    answer, reference = episode.outcome.answer, episode.outcome.reference
    if answer is None or reference is None:
        return None
    return GRADERS[rule.grader](answer, reference)


def _predicted(episode: Episode, prediction: Prediction, rule: Final) -> float | None:
    # A run cut short has no outcome yet: what would have come is the trainer's
    # bootstrap, not a reward.
    return prediction.value[-1] if episode.ended == "terminated" else None


_Source = Callable[[Episode, Prediction, Final], float | None]
_SOURCES: Mapping[str, _Source] = {
    "outcome": _stated,
    "tests": _tested,
    "state": _reached,
    "answer": _graded,
    "value_head": _predicted,
}
