from io import BytesIO

import pytest

from scoring.formats import FORMATS, detect, read
from scoring.schema import Episode
from tests.scoring.formats.examples import TEXTS, VALUES


def test_there_is_an_example_of_every_format():
    assert set(TEXTS) == {format.name for format in FORMATS}


@pytest.mark.parametrize("name", TEXTS)
def test_an_example_is_taken_for_what_it_is(name):
    assert detect(TEXTS[name].encode()).name == name


@pytest.mark.parametrize("name", [name for name in TEXTS if name != "pacenote"])
def test_an_example_says_where_it_came_from(name):
    for episode in read(BytesIO(TEXTS[name].encode())):
        assert isinstance(episode, Episode), episode
        assert episode.meta["source_format"] == name
        assert Episode.from_dict(episode.to_dict()) == episode


def test_what_is_in_our_own_format_comes_in_unchanged():
    [episode] = read(BytesIO(TEXTS["pacenote"].encode()))
    assert episode == Episode.from_dict(VALUES["pacenote"])
