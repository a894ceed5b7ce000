from dataclasses import replace

import pytest

from scoring.prm.arithmetic import equalities
from scoring.prm.cues import NAMES, cues
from scoring.schema import Call, Episode, Step


def row(episode: Episode, t: int) -> dict[str, float]:
    return dict(zip(NAMES, [*cues(episode)][t], strict=True))


SEARCH = Call("search", {"q": "capital of France"}, result="Paris has 2,102,650 people")
RUN = Episode(
    task="Who lives in the capital of France?",
    steps=(
        Step(0, thought="I look the capital up.", calls=(SEARCH,)),
        Step(1, thought="I look the capital up.", calls=(SEARCH,)),
        Step(2, text="Paris: 2,102,650 people, so 2 + 2 = 5."),
    ),
)


def test_a_call_made_again_and_a_step_said_again_are_noticed():
    first, second = row(RUN, 0), row(RUN, 1)
    assert (first["same_call"], second["same_call"]) == (0, 1)
    assert (first["like_nearest"], second["like_nearest"]) == (0, 1)
    assert second["new_words"] == 0


def test_what_a_result_brought_is_no_news():
    last = row(RUN, 2)
    assert last["from_context"] > 0.2
    assert last["new_numbers"] == 3 / 4  # all but the population
    assert (last["sums_wrong"], last["sums_right"]) == (1, 0)


def test_nothing_after_a_step_is_seen():
    for t in range(1, len(RUN.steps)):
        part = replace(RUN, steps=RUN.steps[:t])
        assert [*cues(part)] == [*cues(RUN)][:t]


def test_what_only_a_person_may_know_is_not_seen():
    told = replace(RUN, id="x-ROGUE", meta={"gold": 1}, ended="truncated")
    assert [*cues(told)] == [*cues(RUN)]


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("So 12 * 3 = 36.", (1, 0)),
        ("So 12 * 3 = 35 apples", (0, 1)),
        (r"$\frac{3}{4} \times 8 = 6$", (1, 0)),
        ("1,000 + 1 = 1,001", (1, 0)),
        ("2 + 3 * 4 = 2 + 12 = 14", (2, 0)),
        ("10 / 3 = 3.33", (1, 0)),
        ("10 / 3 = 3.34", (0, 1)),
        ("x = 5 and y = x + 1", (0, 0)),
        ("2^3 = 8", (1, 0)),
        ("9^9^9^9 = 1 + 1", (0, 0)),
        ("1 / 0 = 1 + 1", (0, 0)),
        ("(" * 500 + "1 = 1 + 1", (0, 0)),
        ("", (0, 0)),
    ],
)
def test_plain_sums_are_worked_out_and_the_rest_is_left_alone(text, counts):
    assert equalities(text) == counts
