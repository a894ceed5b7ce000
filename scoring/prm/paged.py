"""Reads runs of tokens through a cache of pages: what was read before isn't read again.

Keys, values and states of every token live in one pool of pages; `prefixes.PrefixTree`
says whose they are. New tokens of however many runs go through the decoder together, in
packs of PACK rows.
"""

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from scoring.prm.attention import TILE, products
from scoring.prm.decoder import Decoder, Pack, Piece
from scoring.prm.prefixes import Claim, PrefixTree
from scoring.prm.runs import Reading, Run

PAGE = 64  # tokens
PACK = 4096  # rows of one forward pass


@dataclass(frozen=True, slots=True)
class _Segment:
    """New tokens of a claim, [start, stop)."""

    claim: Claim
    start: int
    stop: int


class PagedReader:
    """A decoder and its cache of `cache_bytes` at most, never less than one run of
    `context` tokens needs."""

    def __init__(self, decoder: Decoder, context: int, cache_bytes: int) -> None:
        self._decoder = decoder
        way = "/products" if decoder.attend is products else ""
        self.arithmetic = f"paged@1/{TILE}{way}"
        heads, width = decoder.kv_heads, decoder.head_width
        layers = len(decoder.layers)
        numbers = 2 * layers * heads * width + decoder.width  # of one token
        token = numbers * decoder.dtype.itemsize
        pages = max(cache_bytes // (token * PAGE), -(-context // PAGE))
        self.tree = PrefixTree(pages, PAGE)
        self._nothing = pages  # this page of zeros stands for keys beyond a run's end
        self._keys = self._pool(layers, heads, pages + 1, PAGE, width)
        self._values = self._pool(layers, heads, pages + 1, PAGE, width)
        self._states = self._pool((pages + 1) * PAGE, decoder.width)

    def read(self, runs: Sequence[Run]) -> Iterator[Reading]:
        """The readings, in order. One that is abandoned or fails empties the cache."""
        waiting, claimed = deque(runs), deque[tuple[Run, Claim]]()
        try:
            while waiting:
                claimed.extend(self._claimed(waiting))
                self._compute([claim for _, claim in claimed])
                while claimed:
                    yield self._finished(*claimed.popleft())
        except BaseException:
            self.tree.clear()
            raise

    def forget(self) -> None:
        """Empty the cache."""
        self.tree.clear()

    def _claimed(self, waiting: deque[Run]) -> Iterator[tuple[Run, Claim]]:
        """Claims for the next runs: enough for a pack, or all there is room for."""
        rows = 0
        while waiting and rows < PACK:
            claim = self.tree.claim(waiting[0].token_ids)
            if claim is None:
                break
            yield waiting.popleft(), claim
            rows += len(claim.token_ids) - claim.known

    @torch.inference_mode()
    def _compute(self, claims: Sequence[Claim]) -> None:
        """Put keys, values and states of every new token of the claims in the pool."""
        segments, room = list[_Segment](), PACK
        for claim in claims:
            start = claim.known
            while start < len(claim.token_ids):
                stop = min(len(claim.token_ids), start + room)
                segments.append(_Segment(claim, start, stop))
                room -= stop - start
                start = stop
                if not room:
                    self._forward(segments)
                    segments, room = [], PACK
        if segments:
            self._forward(segments)

    def _forward(self, segments: Sequence[_Segment]) -> None:
        pack = self._pack(segments)
        states = self._decoder.forward(pack, self._keys, self._values)
        self._states[pack.slots] = states
        for source, target in pack.copies:
            self._states[target] = self._states[source]
        if not states.isfinite().all():
            # keys beyond a run's end are multiplied by zero: that wants finite ones
            for pool in (self._keys, self._values, self._states):
                pool.zero_()
            raise FloatingPointError("the language model gave numbers that aren't")

    def _pack(self, segments: Sequence[_Segment]) -> Pack:
        ids, positions, slots = list[int](), list[int](), list[Tensor]()
        pieces, copies = list[Piece](), list[tuple[Tensor, Tensor]]()
        for segment in segments:
            claim, row = segment.claim, len(ids)
            pages = self._tensor([page.slot for page in claim.pages])
            for start in range(segment.start // TILE * TILE, segment.stop, TILE):
                first, last = max(start, segment.start), min(start + TILE, segment.stop)
                at = row + first - segment.start
                seen = self._until(pages, start + TILE)
                pieces.append(Piece(at, last - first, first, seen))
            if claim.source and segment.start == claim.known:
                shared = range(claim.known - claim.copied, claim.known)
                source = claim.source.slot * PAGE + self._tensor(range(claim.copied))
                copies.append((source, _slots(pages, self._tensor(shared))))
            ids += claim.token_ids[segment.start : segment.stop]
            positions += range(segment.start, segment.stop)
            slots.append(_slots(pages, self._tensor(positions[row:])))
        where = self._tensor(positions)
        return Pack(self._tensor(ids), where, torch.cat(slots), pieces, copies)

    def _until(self, pages: Tensor, position: int) -> Tensor:
        """The pages of a run up to a position, nothing where it ends before."""
        wanted = position // PAGE
        return F.pad(
            pages[:wanted], (0, max(0, wanted - len(pages))), value=self._nothing
        )

    @torch.inference_mode()
    def _finished(self, run: Run, claim: Claim) -> Reading:
        pages = self._tensor([page.slot for page in claim.pages])
        wanted = self._tensor(range(run.start, len(claim.token_ids)))
        states = self._states[_slots(pages, wanted)].cpu()
        self.tree.release(claim)
        return Reading(states, len(claim.token_ids) - claim.known)

    def _pool(self, *shape: int) -> Tensor:
        dtype, device = self._decoder.dtype, self._decoder.device
        if device.type != "cpu":
            return torch.zeros(shape, dtype=dtype, device=device)
        # unlike torch's, NumPy's zeros take no memory before they are written to
        zeros = np.zeros(math.prod(shape) * dtype.itemsize, np.uint8)
        return torch.from_numpy(zeros).view(dtype).view(shape)

    def _tensor(self, numbers: Sequence[int]) -> Tensor:
        return torch.tensor(numbers, dtype=torch.long, device=self._decoder.device)


def _slots(pages: Tensor, positions: Tensor) -> Tensor:
    """Where a run's tokens are kept, counted in tokens over the pool."""
    return pages[positions // PAGE] * PAGE + positions % PAGE
