"""Attention over packed rows: every segment sees its own past and nothing else.

Segment by segment through PyTorch's fused attention, on a CPU as on a GPU: no mask of
N x N is ever made and nothing is spent on pairs that may not see each other.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from scoring.errors import ModelMismatch
from scoring.prm.tuning.packing import Segment

NAME = "pacenote_packed"


def install(model: Any) -> None:
    """Have a transformers model attend by segments, given to its forward as `segments`.

    Raises:
        ModelMismatch: some layer doesn't attend to everything before it.
    """
    from transformers import AttentionInterface

    kinds = set(getattr(model.config, "layer_types", None) or ["full_attention"])
    window = getattr(model.config, "sliding_window", None)
    if kinds != {"full_attention"} or (
        window and getattr(model.config, "use_sliding_window", True)
    ):
        raise ModelMismatch("a trunk with sliding-window attention can't be tuned yet")
    AttentionInterface.register(NAME, attend)
    model.config._attn_implementation = NAME


def attend(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    segments: Sequence[Segment],
    scaling: float | None = None,
    **unused: Any,
) -> tuple[Tensor, None]:
    """[1, heads, N, head size] each, to [1, N, heads, head size]."""
    parts = [
        scaled_dot_product_attention(
            query[:, :, segment.start : segment.end],
            _seen(key, segment),
            _seen(value, segment),
            attn_mask=_mask(segment, query.device),
            is_causal=not segment.above,
            scale=scaling,
            enable_gqa=query.shape[1] != key.shape[1],
        )
        for segment in segments
    ]
    return torch.cat(parts, dim=2).transpose(1, 2).contiguous(), None


def _seen(states: Tensor, segment: Segment) -> Tensor:
    ranges = [*segment.above, (segment.start, segment.end)]
    return torch.cat([states[:, :, start:end] for start, end in ranges], dim=2)


def _mask(segment: Segment, device: torch.device) -> Tensor | None:
    """All above and the segment's own past; None where plain causality says it."""
    if not segment.above:
        return None
    own = segment.end - segment.start
    above = sum(end - start for start, end in segment.above)
    seen = torch.ones(own, above + own, dtype=torch.bool, device=device)
    return seen.tril(above)
