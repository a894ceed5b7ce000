import pytest
import torch

from scoring.prm.encode import encode
from scoring.prm.features import FeatureStore, extract, keys
from scoring.schema import Episode, Step


@pytest.fixture
def encoded(trunk):
    texts = ["one", "two and two", "three"]
    steps = tuple(Step(t, text=text) for t, text in enumerate(texts))
    return encode(Episode(task="Count", steps=steps), trunk.tokenizer, trunk.context)


def ignore(done: int) -> None:
    pass


def test_states_read_back_are_the_trunks_own(tmp_path, trunk, encoded):
    extract([encoded], trunk, FeatureStore(tmp_path), ignore)
    store = FeatureStore(tmp_path)
    states = trunk.hidden(encoded.token_ids)
    read = store.read(keys(encoded, trunk))
    for tensor, span in zip(read, encoded.spans, strict=True):
        assert torch.equal(tensor, states[slice(*span)])


def test_a_growing_episode_reuses_its_earlier_steps(tmp_path, trunk, encoded):
    store = FeatureStore(tmp_path)
    extract([encoded], trunk, store, ignore)
    steps = [Step(t, text=text) for t, text in enumerate(["one", "two and two", "new"])]
    grown = encode(Episode(task="Count", steps=tuple(steps)), trunk.tokenizer, 4096)
    assert [key in store for key in keys(grown, trunk)] == [True, True, False]


def test_a_run_in_windows_is_kept_as_each_window_reads_it(tmp_path, trunk):
    steps = tuple(Step(t, text=c * 30) for t, c in enumerate("abcdef"))
    long = encode(Episode(task="Count", steps=steps), trunk.tokenizer, 120)
    store, done = FeatureStore(tmp_path), []
    extract([long], trunk, store, done.append)
    wanted = [
        trunk.hidden(window.token_ids)[slice(*span)]
        for window in long.windows()
        for span in window.spans
        if span
    ]
    assert len(long.windows()) > 1
    assert len(wanted) == len(steps)
    assert done[-1] == len(long.token_ids)
    for mine, theirs in zip(store.read(keys(long, trunk)), wanted, strict=True):
        assert torch.equal(mine, theirs)


def test_another_trunk_never_finds_these_states(encoded, trunk):
    from scoring.prm.backbone import tiny

    assert not set(keys(encoded, trunk)) & set(keys(encoded, tiny(1)))


def test_a_second_pass_writes_nothing_and_reports_every_token(tmp_path, trunk, encoded):
    extract([encoded], trunk, FeatureStore(tmp_path), ignore)
    before, done = sorted(tmp_path.iterdir()), []
    extract([encoded], trunk, FeatureStore(tmp_path), done.append)
    assert sorted(tmp_path.iterdir()) == before
    assert done == [len(encoded.token_ids)]


def test_a_shard_cut_short_is_computed_again(tmp_path, trunk, encoded):
    extract([encoded], trunk, FeatureStore(tmp_path), ignore)
    (shard,) = tmp_path.iterdir()
    shard.write_bytes(shard.read_bytes()[:100])
    store = FeatureStore(tmp_path)
    assert keys(encoded, trunk)[0] not in store
    extract([encoded], trunk, store, ignore)
    assert len(list(store.read(keys(encoded, trunk)))) == 3
