"""Which token prefixes are cached, page by page: a radix tree without the tensors.

A page holds up to `size` consecutive tokens of some run and hangs under the page before
it, so runs that begin alike share pages: a growing episode, the prompt of a GRPO group,
the trunk of a search tree (compare RadixAttention, arXiv 2312.07104). Tokens are
compared, never hashes. The page used least recently goes first, and only after those
that hang under it.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

Tokens = tuple[int, ...]


@dataclass(slots=True, eq=False)
class Page:
    """`tokens` from a multiple of the page size on; `slot` is its place in the pool."""

    slot: int
    tokens: Tokens
    parent: "Page | None"
    children: dict[Tokens, "Page"] = field(default_factory=dict)
    pins: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """The pages of one run, pinned until released. The first `known` tokens are there,
    or will be once earlier claims are computed; of these, the last `copied` must be
    copied from `source`, the page of a run that parts from this one inside a page.
    """

    token_ids: Tokens
    pages: tuple[Page, ...]
    known: int
    source: Page | None = None
    copied: int = 0


class PrefixTree:
    """Pages for `capacity` slots of `size` tokens each."""

    def __init__(self, capacity: int, size: int) -> None:
        self.size = size
        self.capacity = capacity
        self.clear()

    def clear(self) -> None:
        """Forget everything, pinned or not."""
        self._root = Page(-1, (), None)
        self._free = list(range(self.capacity - 1, -1, -1))
        # a parent is touched after its children: the oldest page has none left
        self._pages = OrderedDict[int, Page]()

    def __len__(self) -> int:
        return len(self._pages)

    def claim(self, token_ids: Sequence[int]) -> Claim | None:
        """Pages for the whole run, made where missing; None while too many are pinned.

        Raises:
            ValueError: the run is longer than the whole pool.
        """
        ids = tuple(token_ids)
        if -(-len(ids) // self.size) > self.capacity:
            raise ValueError(f"{len(ids)} tokens are more than the cache can hold")
        path, source, copied = self._matched(ids)
        claim = self._claimed(path, ids, source, copied)
        # a page to copy from needs room of its own: better to do without than to wait
        return claim or (self._claimed(path, ids, None, 0) if source else None)

    def release(self, claim: Claim) -> None:
        """The claim's states are read: its pages may go when their turn comes."""
        self._pin([*claim.pages, claim.source] if claim.source else claim.pages, -1)
        for page in reversed(claim.pages):
            if page.slot in self._pages:
                self._pages.move_to_end(page.slot)

    def _matched(self, ids: Tokens) -> tuple[list[Page], Page | None, int]:
        """The pages that begin `ids`, and a page whose first n tokens go on with it."""
        page, path = self._root, list[Page]()
        while child := page.children.get(ids[len(path) * self.size :][: self.size]):
            path.append(child)
            page = child
            if len(child.tokens) < self.size:
                return path, None, 0
        rest = ids[len(path) * self.size :][: self.size]
        best = max(
            ((_shared(child.tokens, rest), child) for child in page.children.values()),
            key=lambda pair: pair[0],
            default=(0, page),
        )
        shared, child = best
        if shared == len(child.tokens) or shared == len(rest):
            return ([*path, child] if shared else path), None, 0
        return path, (child if shared else None), shared

    def _claimed(
        self, matched: list[Page], ids: Tokens, source: Page | None, copied: int
    ) -> Claim | None:
        path, pinned = [*matched], [*matched, source] if source else [*matched]
        known = sum(len(page.tokens) for page in path) + copied
        self._pin(pinned, 1)
        if not self._extend(path, ids):
            self._pin(pinned, -1)
            return None
        return Claim(ids, tuple(path), min(known, len(ids)), source, copied)

    def _extend(self, path: list[Page], ids: Tokens) -> bool:
        """Grow the path until it covers `ids`; False when no page can be had."""
        wanted = -(-len(ids) // self.size) - len(path)
        if not self._make_room(wanted):
            return False
        if path and len(path[-1].tokens) < self.size:
            self._fill(path[-1], ids[(len(path) - 1) * self.size :][: self.size])
        for _ in range(wanted):
            start = len(path) * self.size
            parent = path[-1] if path else self._root
            page = Page(self._free.pop(), ids[start : start + self.size], parent)
            page.pins = 1
            parent.children[page.tokens] = page
            self._pages[page.slot] = page
            path.append(page)
        return True

    def _fill(self, page: Page, tokens: Tokens) -> None:
        """An open page goes on with its own run: what it held stays as it is."""
        if len(tokens) > len(page.tokens) and page.parent:
            del page.parent.children[page.tokens]
            page.tokens = tokens
            page.parent.children[tokens] = page

    def _make_room(self, wanted: int) -> bool:
        if len(self._free) < wanted:
            pinned = sum(page.pins > 0 for page in self._pages.values())
            if self.capacity - pinned < wanted:
                return False
        for slot in list(self._pages):
            if len(self._free) >= wanted:
                break
            page = self._pages[slot]
            if not page.pins and not page.children and page.parent:
                del page.parent.children[page.tokens]
                del self._pages[slot]
                self._free.append(slot)
        return len(self._free) >= wanted

    def _pin(self, pages: Sequence[Page], by: int) -> None:
        for page in pages:
            page.pins += by


def _shared(one: Tokens, other: Tokens) -> int:
    """How many tokens two pages begin with in common."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count
