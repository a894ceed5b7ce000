"""What happens to labels after the first error: a policy of the export, never data.

Only what somebody judged is stored. Whether the steps after the first -1 are left out
("stop": PRM800K, ProcessBench) or count as wrong too ("all_later") changes the balance
of the classes and what a model learns, so each data set made from labels names it.
"""

from collections.abc import Callable, Mapping, Sequence

from scoring.errors import InvalidInput

Verdicts = Sequence[int | None]


def stop(verdicts: Verdicts) -> tuple[int | None, ...]:
    """Labels up to and with the first -1; later steps are masked (None)."""
    end = _first_error(verdicts) + 1
    return (*verdicts[:end], *(None for _ in verdicts[end:]))


def all_later(verdicts: Verdicts) -> tuple[int | None, ...]:
    """Every step after the first -1 is -1 too, judged or not."""
    end = _first_error(verdicts) + 1
    return (*verdicts[:end], *(-1 for _ in verdicts[end:]))


def _first_error(verdicts: Verdicts) -> int:
    return next((i for i, v in enumerate(verdicts) if v == -1), len(verdicts))


def propagation(policy: str) -> Callable[[Verdicts], tuple[int | None, ...]]:
    """The policy of this name.

    Raises:
        InvalidInput: there is none.
    """
    if policy not in POLICIES:
        raise InvalidInput(f"policy is one of {', '.join(POLICIES)}", pointer="/policy")
    return POLICIES[policy]


POLICIES: Mapping[str, Callable[[Verdicts], tuple[int | None, ...]]] = {
    "stop": stop,
    "all_later": all_later,
}
