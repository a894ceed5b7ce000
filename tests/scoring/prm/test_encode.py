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


def test_a_step_that_does_not_fit_opens_a_window_with_the_task_and_newest_steps(
    tokenizer,
):
    rows = [Step(0, text=letter * 38) for letter in "abcde"]
    encoded = encode(episode(*rows, system="Be kind"), tokenizer, 200)
    head = "Task: Find it\nInstructions: Be kind\n"
    said = [f"Assistant:\n{letter * 38}\n" for letter in "abcde"]
    windows = [bytes(window.token_ids).decode() for window in encoded.windows()]
    assert windows == [head + "".join(said[:3]), head + "".join(said[2:])]
    assert [window.scored for window in encoded.windows()] == [[0, 1, 2], [3, 4]]
    assert encoded.truncation == {
        "dropped_tokens": 0,
        "elided": [],
        "unscored": {},
        "windows": [
            {
                "from_step": 3,
                "first_step_shown": 2,
                "dropped_tokens": len("".join(said[:2])),
            }
        ],
    }


def test_a_run_that_fits_is_one_window_as_it_was_before_there_were_windows(tokenizer):
    encoded = encode(episode(*[Step(0, text="x" * 50)] * 4), tokenizer, 8192)
    assert encoded.windows() == [encoded]
    assert encoded.truncation is None
    known = "1281cfc8f2a220d19f11a6ea3d10c28f6eea398eec651a8632a6a428ba5865de"
    assert encoded.prefix_hashes()[-1] == known


def test_a_step_too_long_even_alone_is_named_and_the_next_is_scored(tokenizer):
    rows = [Step(0, text=text) for text in ("a", "b" * 200, "c", "d")]
    encoded = encode(episode(*rows), tokenizer, 100)
    assert [span is None for span in encoded.spans] == [False, True, False, False]
    assert list(encoded.truncation["unscored"]) == ["1"]
    assert "context of 100 tokens" in encoded.truncation["unscored"]["1"]
    last = encoded.windows()[-1]
    assert bytes(last.token_ids).decode() == (
        "Task: Find it\nAssistant:\nc\nAssistant:\nd\n"
    )


def test_a_first_step_too_long_leaves_one_window_that_says_what_it_lacks(tokenizer):
    rows = [Step(0, text="a" * 200), Step(0, text="b")]
    encoded = encode(episode(*rows), tokenizer, 100)
    assert len(encoded.windows()) == 1
    (row,) = encoded.truncation["windows"]
    assert (row["from_step"], row["first_step_shown"]) == (1, 1)


def test_a_task_longer_than_the_context_leaves_a_reason_for_every_step(tokenizer):
    encoded = encode(episode(Step(0, text="a"), task="x" * 50), tokenizer, 30)
    assert encoded.spans == (None,)
    assert encoded.token_ids == ()
    assert list(encoded.truncation["unscored"]) == ["0"]


long_runs = st.lists(steps | st.just(Step(0)), min_size=1, max_size=12)


@given(long_runs, st.integers(60, 250))
@settings(max_examples=60, deadline=None)
def test_windows_hold_the_task_and_whole_steps_within_the_context(rows, limit):
    run, tokenizer = episode(*rows), tiny().tokenizer
    whole, encoded = encode(run, tokenizer, 8192), encode(run, tokenizer, limit)
    head = b"Task: Find it\n"
    for window in encoded.windows():
        assert len(window.token_ids) <= limit
        assert not window.token_ids or bytes(window.token_ids).startswith(head)
    seen = [t for window in encoded.windows() for t in window.scored]
    assert seen == encoded.scored
    assert encoded.own_tokens() == [
        whole.token_ids[slice(*whole.spans[t])] for t in encoded.scored
    ]
    unscored = encoded.truncation["unscored"] if encoded.truncation else {}
    assert {*map(int, unscored)} == {*range(len(rows))} - {*encoded.scored}


@given(long_runs, st.integers(60, 250), st.data())
@settings(max_examples=60, deadline=None)
def test_a_growing_run_never_changes_what_was_read_before(rows, limit, data):
    kept = data.draw(st.integers(0, len(rows)))
    tokenizer = tiny().tokenizer
    part = encode(episode(*rows[:kept]), tokenizer, limit)
    whole = encode(episode(*rows), tokenizer, limit)
    assert whole.token_ids[: len(part.token_ids)] == part.token_ids
    assert whole.spans[:kept] == part.spans
    assert whole.starts[: len(part.starts)] == part.starts
    assert whole.prefix_hashes()[:kept] == part.prefix_hashes()
    told = part.truncation["windows"] if part.truncation else []
    assert not told or whole.truncation["windows"][: len(told)] == told


def test_half_a_surrogate_pair_is_encoded_and_not_a_crash(tokenizer):
    encoded = encode(episode(Step(0, text="a\ud800b")), tokenizer, 8192)
    assert shown(encoded, encoded.spans[0]) == "a?b\n"


def test_the_template_is_versioned_by_its_hash():
    assert TEMPLATE["version"] == 1
    assert len(template_hash()) == 64
