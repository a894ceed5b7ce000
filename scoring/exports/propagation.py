"""What happens to labels after the first error: a policy of the export, never data.

Only what somebody judged is stored. Whether the steps after the first -1 are left out
("stop": PRM800K, ProcessBench), count as wrong too ("all_later"), or do so until a step
repairs it ("until_corrected": AgentProcessBench) changes the balance of the classes and
what a model learns, so each data set made from labels names it.
"""

from collections.abc import Callable, Mapping, Sequence

from scoring.errors import InvalidInput

Verdicts = Sequence[int | None]
Policy = Callable[[Verdicts, int | None], tuple[int | None, ...]]


def stop(verdicts: Verdicts, corrected_at: int | None = None) -> tuple[int | None, ...]:
    """Labels up to and with the first -1; later steps are masked (None)."""
    end = _first_error(verdicts) + 1
    return (*verdicts[:end], *(None for _ in verdicts[end:]))


def all_later(
    verdicts: Verdicts, corrected_at: int | None = None
) -> tuple[int | None, ...]:
    """Every step after the first -1 is -1 too, judged or not."""
    end = _first_error(verdicts) + 1
    return (*verdicts[:end], *(-1 for _ in verdicts[end:]))


def until_corrected(
    verdicts: Verdicts, corrected_at: int | None = None
) -> tuple[int | None, ...]:
    """Steps that rest on the first -1 are -1, until a step repairs it; from there on
    what was judged holds."""
    spoilt = all_later(verdicts)
    return (
        spoilt
        if corrected_at is None
        else (
            *spoilt[:corrected_at],
            *verdicts[corrected_at:],
        )
    )


def propagation(policy: str) -> Policy:
    """The policy of this name.

    Raises:
        InvalidInput: there is none.
    """
    if policy not in POLICIES:
        raise InvalidInput(f"policy is one of {', '.join(POLICIES)}", pointer="/policy")
    return POLICIES[policy]


def _first_error(verdicts: Verdicts) -> int:
    return next((i for i, v in enumerate(verdicts) if v == -1), len(verdicts))


POLICIES: Mapping[str, Policy] = {
    "stop": stop,
    "all_later": all_later,
    "until_corrected": until_corrected,
}
