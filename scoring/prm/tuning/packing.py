"""Several episodes in one row, what they share encoded once.

The episodes of a row form a prefix tree: a shared prompt, or the steps before two
alternatives, is one node whose tokens appear once. Nodes lie one after another in the
row; a token sees its own node up to itself and the whole of the nodes above, at the
positions it has in its episode. Without shared prefixes this is plain packing:
block-diagonal attention with positions that start anew.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

# splitting attention over shorter shared beginnings costs more than they save
MIN_SHARED = 16

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Segment:
    """Row tokens `start` to `end`, which see the ranges `above` and then themselves."""

    start: int
    end: int
    above: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One packed row of N tokens.

    `places[k]` holds, for each token of the k-th episode packed here (`members[k]`
    of the sequences given), its index in the row.
    """

    token_ids: tuple[int, ...]
    positions: tuple[int, ...]
    segments: tuple[Segment, ...]
    members: tuple[int, ...]
    places: tuple[tuple[int, ...], ...]


@dataclass(slots=True, eq=False)
class _Node:
    tokens: list[int]
    depth: int
    parent: "_Node | None" = None
    children: "list[_Node]" = field(default_factory=list)
    start: int = 0


def pack(
    sequences: Sequence[Sequence[int]], order: Sequence[int], limit: int
) -> Iterator[Row]:
    """Fill rows of at most `limit` tokens with the sequences named by `order`, in that
    order. A sequence longer than `limit` has a row of its own."""
    tree, held = _Tree(), 0
    for index in order:
        new = len(sequences[index]) - tree.shared(sequences[index])
        if held and held + new > limit:
            yield tree.row()
            tree, held, new = _Tree(), 0, len(sequences[index])
        tree.add(index, sequences[index])
        held += new
    if held:
        yield tree.row()


class _Tree:
    """A radix tree of token sequences."""

    def __init__(self) -> None:
        self._root = _Node([], 0)
        self._ends: list[tuple[int, int, _Node]] = []

    def shared(self, tokens: Sequence[int]) -> int:
        """How many of the first tokens are in the tree already."""
        node, common = self._descend(tokens)
        return node.depth + common

    def add(self, index: int, tokens: Sequence[int]) -> None:
        node, common = self._descend(tokens)
        if common < len(node.tokens):
            node = _split(node, common)
        done = node.depth + common
        if done < len(tokens):
            parent, node = node, _Node(list(tokens[done:]), done, node)
            parent.children.append(node)
        self._ends.append((index, len(tokens), node))

    def row(self) -> Row:
        token_ids, positions, segments = list[int](), list[int](), list[Segment]()
        for node in _preorder(self._root):
            node.start = len(token_ids)
            token_ids += node.tokens
            positions += range(node.depth, node.depth + len(node.tokens))
            above = tuple(_merged(_ranges(_above(node))))
            segments.append(Segment(node.start, len(token_ids), above))
        places = tuple(
            tuple(
                i
                for start, end in _ranges([*_above(node), node])
                for i in range(start, end)
            )[:length]
            for _, length, node in self._ends
        )
        members = tuple(index for index, _, _ in self._ends)
        return Row(tuple(token_ids), tuple(positions), tuple(segments), members, places)

    def _descend(self, tokens: Sequence[int]) -> tuple[_Node, int]:
        """The deepest node that shares enough, and how many of its tokens are shared:
        all of them, except perhaps in the node where the paths part."""
        node = self._root
        while True:
            left = len(tokens) - node.depth - len(node.tokens)
            rest = tokens[len(tokens) - left :]
            found = [(_common(child.tokens, rest), child) for child in node.children]
            common, child = max(found, key=lambda pair: pair[0], default=(0, node))
            if child is node or common < min(MIN_SHARED, len(child.tokens)):
                return node, len(node.tokens)
            if common < len(child.tokens):
                return child, common
            node = child


def _split(node: _Node, at: int) -> _Node:
    """Put the first `at` tokens of the node into a new one between it and its parent;
    whatever ends in the node still does."""
    upper = _Node(node.tokens[:at], node.depth, node.parent, [node])
    siblings = node.parent.children if node.parent else []
    siblings[siblings.index(node)] = upper
    node.tokens, node.depth, node.parent = node.tokens[at:], node.depth + at, upper
    return upper


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    for n, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return n
    return min(len(one), len(other))


def _preorder(root: _Node) -> Iterator[_Node]:
    waiting = root.children[::-1]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.children[::-1]


def _above(node: _Node) -> list[_Node]:
    """The nodes above, the root's child first."""
    found = list[_Node]()
    while node.parent is not None and node.parent.parent is not None:
        node = node.parent
        found.append(node)
    return found[::-1]


def _ranges(nodes: Sequence[_Node]) -> list[Range]:
    return [(node.start, node.start + len(node.tokens)) for node in nodes]


def _merged(ranges: Sequence[Range]) -> Iterator[Range]:
    """Neighbours joined, so that fewer pieces need to be put together."""
    held: Range | None = None
    for start, end in ranges:
        if held and held[1] == start:
            held = (held[0], end)
            continue
        if held:
            yield held
        held = (start, end)
    if held:
        yield held
