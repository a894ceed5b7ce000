import pytest
import torch

from scoring.prm.mixing import Words, story
from scoring.prm.words import BUCKETS, counted


def test_the_story_of_a_prefix_is_that_of_the_whole():
    logits = torch.randn(9, 3, generator=torch.Generator().manual_seed(0))
    whole = story(logits)
    assert whole.shape == (9, 6)
    for t in range(10):
        assert torch.equal(story(logits[:t]), whole[:t])


def test_the_story_remembers_how_bad_it_has_been():
    rows = story(torch.tensor([[3.0, -3.0], [-1.0, 1.0], [0.0, 0.0]]))
    assert rows[0].tolist() == [3, -3, 0, 0, 0]
    assert rows[1].tolist() == [-1, 1, 3, 3, 3]
    assert rows[2].tolist() == [0, 0, -1, 3, 1]


def test_a_repeated_word_counts_less_than_twice():
    places, counts = counted([7, 7, 7, 7])
    assert len(places) == 3  # one n-gram of each length
    assert counts.max() == pytest.approx(1 + torch.tensor(4.0).log())
    assert [len(part) for part in counted([])] == [0, 0]


def test_words_never_seen_leave_the_bias():
    words = Words(torch.ones(BUCKETS), torch.zeros(BUCKETS, 2), torch.tensor([1.0, -1]))
    said = [words.logits(counted(tokens)).tolist() for tokens in ([1, 2], [])]
    assert said == [[1, -1]] * 2
