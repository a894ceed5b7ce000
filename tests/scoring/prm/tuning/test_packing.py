import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.errors import ModelMismatch
from scoring.prm.backbone import tiny
from scoring.prm.tuning import attention
from scoring.prm.tuning.packing import MIN_SHARED, Row, pack

LONG = list(range(40))  # a prompt worth sharing


def test_unrelated_episodes_fill_rows_up_to_the_limit():
    sequences = [[1] * 30, [2] * 30, [3] * 30]
    rows = list(pack(sequences, [0, 1, 2], limit=64))
    assert [row.members for row in rows] == [(0, 1), (2,)]
    assert rows[0].positions == (*range(30), *range(30))
    assert [segment.above for segment in rows[0].segments] == [(), ()]


def test_a_shared_prompt_is_encoded_once():
    sequences = [[*LONG, 50, 51], [*LONG, 60, 61, 62], [*LONG, 50, 51]]
    [row] = pack(sequences, [0, 1, 2], limit=64)
    assert len(row.token_ids) == 40 + 2 + 3
    assert read(row, sequences)


def test_alternatives_of_a_step_share_all_steps_before_it():
    first = [*LONG, *range(100, 120)]
    sequences = [[*first, *[7] * 20], [*first, *[8] * 20], [*LONG, *[9] * 20]]
    [row] = pack(sequences, [0, 1, 2], limit=200)
    assert len(row.token_ids) == 40 + 20 + 20 + 20 + 20
    assert read(row, sequences)


def test_a_sequence_that_ends_inside_another_is_found_there():
    sequences = [LONG, LONG[:25], [*LONG, 1]]
    [row] = pack(sequences, [0, 1, 2], limit=64)
    assert len(row.token_ids) == 41
    assert read(row, sequences)


def test_a_few_shared_tokens_are_not_worth_a_split():
    sequences = [[*LONG[: MIN_SHARED - 1], 90], [*LONG[: MIN_SHARED - 1], 91]]
    [row] = pack(sequences, [0, 1], limit=64)
    assert len(row.token_ids) == 2 * MIN_SHARED


def test_an_episode_longer_than_the_limit_has_a_row_of_its_own():
    rows = list(pack([[1] * 5, [2] * 99, [3] * 5], [0, 1, 2], limit=64))
    assert [row.members for row in rows] == [(0,), (1,), (2,)]


prompts = st.lists(st.integers(0, 2), max_size=50)
batches = st.lists(
    st.builds(list.__add__, st.sampled_from([LONG, LONG[::-1]]), prompts)
)


@given(batches, st.integers(1, 200))
def test_every_episode_can_be_read_back_from_its_row(sequences, limit):
    rows = list(pack(sequences, range(len(sequences)), limit))
    assert [i for row in rows for i in row.members] == list(range(len(sequences)))
    assert all(read(row, sequences) for row in rows)


def read(row: Row, sequences: list[list[int]]) -> bool:
    return all(
        [row.token_ids[i] for i in places] == sequences[k]
        and [row.positions[i] for i in places] == list(range(len(places)))
        for k, places in zip(row.members, row.places, strict=True)
    )


@given(batches.filter(bool))
@settings(deadline=None, max_examples=20)
def test_packed_states_equal_those_of_each_episode_alone(sequences):
    alone, packed = float_model(), float_model()
    attention.install(packed)
    [row] = pack(sequences, range(len(sequences)), 10_000)
    states = states_of(packed, row.token_ids, row.positions, segments=row.segments)
    for k, places in zip(row.members, row.places, strict=True):
        expected = states_of(alone, sequences[k], range(len(sequences[k])))
        assert torch.allclose(states[list(places)], expected, atol=1e-5)


def float_model():
    return tiny().model.float()


def states_of(model, tokens, positions, **segments):
    with torch.no_grad():
        return model(
            torch.tensor([list(tokens)]),
            position_ids=torch.tensor([list(positions)]),
            use_cache=False,
            **segments,
        ).last_hidden_state[0]


def test_a_trunk_that_does_not_see_everything_before_it_is_refused():
    model = tiny().model
    model.config.sliding_window = 64
    with pytest.raises(ModelMismatch, match="sliding"):
        attention.install(model)
