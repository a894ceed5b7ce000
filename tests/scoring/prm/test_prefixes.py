import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.prm.prefixes import Claim, PrefixTree

SIZE = 4


def held(tree: PrefixTree, claim: Claim) -> list[int]:
    return [token for page in claim.pages for token in page.tokens]


def claim(tree: PrefixTree, ids) -> Claim:
    made = tree.claim(ids)
    assert made is not None
    return made


def test_a_growing_run_computes_only_what_is_new():
    tree = PrefixTree(8, SIZE)
    for length, known in ((3, 0), (3, 3), (6, 3), (11, 6), (8, 8)):
        made = claim(tree, range(length))
        assert made.known == known
        tree.release(made)
    assert len(tree) == 3


def test_runs_that_part_at_a_page_share_the_pages_before():
    tree = PrefixTree(8, SIZE)
    one, other = claim(tree, range(8)), claim(tree, [0, 1, 2, 3, 9, 9])
    assert one.pages[0] is other.pages[0]
    assert (other.known, other.copied) == (4, 0)


def test_runs_that_part_inside_a_page_copy_what_they_share():
    tree = PrefixTree(8, SIZE)
    one, other = claim(tree, range(8)), claim(tree, [0, 1, 2, 3, 4, 5, 9])
    assert (other.known, other.copied, other.source) == (6, 2, one.pages[1])
    assert other.pages[1] is not one.pages[1]


def test_pages_in_use_never_go_and_a_full_pool_says_so():
    tree = PrefixTree(2, SIZE)
    first = claim(tree, range(8))
    assert tree.claim([9]) is None
    tree.release(first)
    assert claim(tree, [9]).known == 0


def test_the_page_used_least_recently_goes_first_and_leaves_before_parents():
    tree = PrefixTree(3, SIZE)
    for ids in (range(8), [9]):
        tree.release(claim(tree, ids))
    tree.release(claim(tree, range(4)))
    tree.release(claim(tree, [7]))  # takes the place of range(4, 8)
    assert claim(tree, range(8)).known == 4


def test_a_pool_too_small_to_copy_from_another_run_computes_instead_of_waiting():
    tree = PrefixTree(2, SIZE)
    tree.release(claim(tree, [0, 1, 2, 3, 4, 5]))
    made = claim(tree, [0, 1, 9, 9, 9, 9])
    assert (made.known, made.copied, made.source) == (0, 0, None)


def test_a_run_longer_than_the_pool_is_refused():
    with pytest.raises(ValueError, match="more than the cache"):
        PrefixTree(2, SIZE).claim(range(9))


ids = st.lists(st.integers(0, 2), min_size=1, max_size=5 * SIZE)


@given(st.lists(st.tuples(ids, st.booleans()), max_size=30), st.integers(5, 20))
@settings(max_examples=150, deadline=None)
def test_whatever_the_order_a_claim_holds_its_own_tokens(runs, capacity):
    tree, open_claims = PrefixTree(capacity, SIZE), []
    for run, keep in runs:
        made = tree.claim(run)
        if made is None:
            assert open_claims
            for one in open_claims:
                tree.release(one)
            open_claims = []
            made = claim(tree, run)
        assert held(tree, made)[: len(run)] == run
        assert len({page.slot for page in made.pages}) == len(made.pages)
        assert 0 <= made.copied <= made.known <= len(run)
        if made.source:
            start = made.known - made.copied
            assert list(made.source.tokens[: made.copied]) == run[start : made.known]
        open_claims.append(made)
        if not keep:
            tree.release(open_claims.pop())
        assert len(tree) <= capacity
