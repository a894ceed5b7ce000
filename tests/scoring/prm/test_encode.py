from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.prm.backbone import tiny
from scoring.prm.encode import TEMPLATE, encode, template_hash
from scoring.schema import Call, Episode, Outcome, Step

words = st.text(alphabet="abc é\n", min_size=1, max_size=40)
calls = st.builds(Call, name=st.just("f"), arguments=words, result=st.none() | words)
steps = st.builds(
    Step,
    index=st.just(0),
    text=words,
    observation=st.just("") | words,
    calls=st.lists(calls, max_size=2).map(tuple),
)


def episode(*steps: Step, task: str = "Find it", **fields) -> Episode:
    numbered = tuple(replace(step, index=t) for t, step in enumerate(steps))
    return Episode(task=task, steps=numbered, **fields)


@pytest.fixture(scope="module")
def tokenizer():
    return tiny().tokenizer


def shown(encoded, span) -> str:
    return bytes(encoded.token_ids[slice(*span)]).decode()


def test_only_the_words_of_the_step_are_pooled(tokenizer):
    search = Call("search", {"q": "x"}, result="three hits")
    first = Step(0, thought="Look it up", calls=(search,), observation="Hello")
    encoded = encode(episode(first, Step(1, text="Done")), tokenizer, 8192)
    own, last = (shown(encoded, span) for span in encoded.spans)
    assert own == 'Thought: Look it up\nCall search({"q": "x"})\n'
    assert last == "Done\n"
    between = shown(encoded, (encoded.spans[0][1], encoded.spans[1][0]))
    assert between == "Result of search: three hits\nAssistant:\n"


@given(st.lists(steps, min_size=2, max_size=5), steps, st.data())
@settings(max_examples=50, deadline=None)
def test_no_edit_after_a_step_changes_the_tokens_before_its_end(rows, other, data):
    t = data.draw(st.integers(0, len(rows) - 2))
    whole = encode(episode(*rows), tiny().tokenizer, 8192)
    edited = encode(episode(*rows[: t + 1], other), tiny().tokenizer, 8192)
    end = whole.spans[t][1]
    assert edited.token_ids[:end] == whole.token_ids[:end]
    assert edited.spans[: t + 1] == whole.spans[: t + 1]
    assert edited.prefix_hashes()[: t + 1] == whole.prefix_hashes()[: t + 1]


def test_the_result_of_a_call_is_not_seen_by_the_step_that_makes_it(tokenizer):
    one, two = (
        encode(episode(Step(0, calls=(Call("f", result=r),))), tokenizer, 8192)
        for r in ("yes", "no")
    )
    assert one == two


def test_outcome_and_metadata_never_reach_the_model(tokenizer):
    step = Step(0, text="Done")
    told = replace(step, reward=1.0, cost=2.0, error="boom", raw_ref="line 3")
    success = {"outcome": Outcome(True, 1.0, "a", "b"), "id": "won", "meta": {"x": 1}}
    plain = encode(episode(step), tokenizer, 8192)
    assert encode(episode(told, **success), tokenizer, 8192) == plain


def test_the_middle_of_a_long_observation_is_left_out_and_reported(tokenizer):
    budget = TEMPLATE["budget"]["context"]
    long = Step(0, text="ok", observation="a" * budget + "b" * budget)
    encoded = encode(episode(long), tokenizer, 8192)
    dropped = 2 * budget + len("Observation: \n") - budget
    row = {"step": 0, "part": "context", "dropped_tokens": dropped}
    assert encoded.truncation["elided"] == [row]
    assert encoded.truncation["dropped_tokens"] == dropped
    assert encoded.spans[0] is not None


def test_five_megabytes_are_cut_before_they_are_tokenised(tokenizer):
    encoded = encode(episode(Step(0, text="x" * 5_000_000)), tokenizer, 8192)
    assert len(encoded.token_ids) < 2 * TEMPLATE["budget"]["step"]
    assert encoded.truncation["dropped_tokens"] > 1_000_000


def test_a_step_beyond_the_context_is_named_and_not_scored(tokenizer):
    rows = [Step(0, text="x" * 50) for _ in range(4)]
    encoded = encode(episode(*rows), tokenizer, 150)
    assert [span is None for span in encoded.spans] == [False, False, True, True]
    assert list(encoded.truncation["unscored"]) == ["2", "3"]
    assert len(encoded.token_ids) <= 150


def test_half_a_surrogate_pair_is_encoded_and_not_a_crash(tokenizer):
    encoded = encode(episode(Step(0, text="a\ud800b")), tokenizer, 8192)
    assert shown(encoded, encoded.spans[0]) == "a?b\n"


def test_the_template_is_versioned_by_its_hash():
    assert TEMPLATE["version"] == 1
    assert len(template_hash()) == 64
