import json
from contextlib import suppress
from io import BytesIO

import pytest

from scoring.errors import UnknownFormat
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


# keys of so many formats that they tell little, or too short to be told misspelt
COMMON = {"messages", "role", "id", "type", "info", "sessionId", "projectHash", "env"}


def refusal(value):
    with pytest.raises(UnknownFormat) as refused:
        detect(json.dumps(value).encode())
    return str(refused.value)


def test_a_key_that_is_misspelt_is_pointed_out():
    said = refusal({"mesages": []})
    assert "OpenAI chat messages (lacks messages (it has 'mesages'))" in said


def test_what_its_keys_should_hold_is_said():
    said = refusal({"schema_version": "2", "steps": []})
    assert "its schema_version must begin with ATIF" in said


def test_a_list_inside_that_could_be_read_is_pointed_out():
    said = refusal({"log": [{"role": "user", "content": "q"}]})
    assert said.endswith(
        "what is in 'log' looks like a bare list of OpenAI chat messages"
    )


def test_rare_keys_tell_more_than_common_ones():
    said = refusal({"id": 1, "type": "x", "responses_create_params": {}})
    nearest, *_ = said.split("Nearest: ")[1].split(";")
    assert nearest == "OpenAI Responses with their input (lacks response)"


def still_read(data):
    with suppress(UnknownFormat):
        return detect(json.dumps(data).encode())


@pytest.mark.parametrize("name", [n for n in VALUES if isinstance(VALUES[n], dict)])
def test_an_example_with_a_misspelt_key_is_near_to_its_format(name):
    format = next(one for one in FORMATS if one.name == name)
    for key in set.union(set(), *format.needs) - COMMON:
        mangled = {f"{k}_" if k == key else k: v for k, v in VALUES[name].items()}
        # some are known by other keys, too, or to another reader
        assert still_read(mangled) or format.title in refusal(mangled), key
