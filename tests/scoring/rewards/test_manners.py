"""What a lexical look at the agent's manners says, and what it may cost."""

import pytest

from scoring.rewards import DEFAULT, Social, named, score
from scoring.rewards.evidence import Passage
from scoring.rewards.manners import rude
from tests.scoring.rewards.cases import run, say

WATCHFUL = named("tool_agent@2")
LIKED = Social(preference=1.0, coverage="annotator")
INSULT = "You are a stupid idiot, shut up"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (INSULT, True),
        ("fuck off, you moron", True),
        ("Certainly, your refund is on its way.", False),
        ("git reset --hard and push again", False),
        ("", False),
    ],
)
def test_insults_are_found_and_work_is_not(text: str, found: bool) -> None:
    [probability] = rude([Passage("/steps/0/text", text)])
    assert (probability >= 0.5) is found


def test_a_rude_reply_caps_what_being_liked_earns() -> None:
    episode = run(say("Hello"), say(INSULT))
    family = score(episode, None, WATCHFUL, social=LIKED)["families"]["social"]
    [rude] = family["detectors"]
    assert family["raw"] == pytest.approx(1 - rude["probability"])
    assert (rude["axis"], rude["coverage"], rude["step"]) == ("rude", "lexical", 1)
    assert (rude["pointer"], rude["end"]) == ("/steps/1/text", len(INSULT))


def test_rudeness_alone_charges_nobody() -> None:
    made = score(run(say(INSULT)), None, WATCHFUL)
    social = made["families"]["social"]
    assert (social["weighted"], social["coverage"]) == (0.0, "lexical")


def test_a_persons_word_on_the_tone_stands() -> None:
    said = Social(preference=1.0, tone=0.9, coverage="annotator")
    social = score(run(say(INSULT)), None, WATCHFUL, social=said)["families"]["social"]
    assert (social["raw"], social["coverage"]) == (0.9, "annotator")


def test_nobody_looks_where_the_spec_does_not_ask() -> None:
    social = score(run(say(INSULT)), None, DEFAULT, social=LIKED)["families"]["social"]
    assert (social["raw"], social["detectors"]) == (1.0, [])
