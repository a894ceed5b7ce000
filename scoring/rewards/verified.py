"""What a verifier left beside the run, in `meta`: test results, final state, outputs.

Both are all or nothing: a share would pay for the easy half of a task.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from scoring.rewards.graders import same_json
from scoring.schema import Episode

# of one test, as pytest, unittest, JUnit and SWE-bench spell it
_PASSED = {"passed", "pass", "ok", "success", "xfailed"}
_FAILED = {"failed", "fail", "failure", "failures", "error", "errors", "xpassed"}


def passed_tests(meta: Mapping[str, Any]) -> float | None:
    """1 where every test of `meta.tests` passed, else 0; None where it names none.

    Three shapes are known: counts (`{"passed": 3, "failed": 0}`), a verdict a test
    (`{"test_a": "passed", "test_b": false}`) and SWE-bench's `tests_status`
    (`{"FAIL_TO_PASS": {"success": […], "failure": […]}, …}`).
    """
    results = meta.get("tests", meta.get("tests_status"))
    if not isinstance(results, Mapping):
        return None
    verdicts = [v for name, value in results.items() for v in _verdicts(name, value)]
    return float(all(verdicts)) if verdicts else None


def state_reached(episode: Episode) -> float | None:
    """1 where the final state is the expected one *and* every output was said, else 0
    (tau-bench, 2406.12045); None where neither is asked for.

    `meta.state` is `{"expected": …, "actual": …}`, any JSON (a hash of the database
    will do); each text of `meta.outputs` must occur in what the agent said, whatever
    its case and thousands commas.
    """
    held = [*_state(episode.meta.get("state")), *_outputs(episode)]
    return float(all(held)) if held else None


def _verdicts(name: str, value: Any) -> Iterator[bool]:
    if isinstance(value, Mapping):
        for word, tests in value.items():
            yield from _verdicts(word, tests)
    elif isinstance(value, bool):
        yield value
    elif isinstance(value, str):
        word = value.lower()
        yield from [word in _PASSED] if word in _PASSED | _FAILED else []
    elif (verdict := _verdict(name)) is not None and _count(value):
        yield verdict


def _verdict(word: str) -> bool | None:
    word = word.lower()
    return word in _PASSED if word in _PASSED | _FAILED else None


def _count(value: Any) -> int | float:
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, int | float) else 0


def _state(state: Any) -> Iterator[bool]:
    if isinstance(state, Mapping) and {"expected", "actual"} <= state.keys():
        yield same_json(state["expected"], state["actual"])


def _outputs(episode: Episode) -> Iterator[bool]:
    wanted = episode.meta.get("outputs")
    said = _plain(" ".join(step.text for step in episode.steps))
    for output in wanted if isinstance(wanted, list) else ():
        if isinstance(output, str):
            yield _plain(output) in said


def _plain(text: str) -> str:
    return text.casefold().replace(",", "")
