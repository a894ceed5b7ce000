"""Attention of a few rows over a run's keys, in the two ways a machine may be fast at.

Both are exact in the sense of `decoder.py`: a row's result depends on its own query and
on the keys it is given, not on the other rows. They differ in the last bits, so which
one a trunk uses is part of its hash.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

# queries [heads, R, D], keys and values [heads, S, D], mask [R, S]: [heads, R, D]; the
# mask is zero but for the last `TILE` keys
Attention = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]

TILE = 128  # tokens; the keys that a query's call gets end where its tile ends


def fused(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """The kernel of torch: sums in float32, block by block (arXiv 2205.14135)."""
    one = F.scaled_dot_product_attention(
        q.unsqueeze(1), k.unsqueeze(1), v.unsqueeze(1), attn_mask=mask
    )
    return one.squeeze(1)


def products(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """Two plain products around a softmax: on CPUs with bfloat16 units but without
    tiles of them, nearly twice as fast as the fused kernel, whose blocks are too small.
    Scores are rounded to the number type, as in `transformers`' eager attention."""
    scores = torch.bmm(q * q.shape[-1] ** -0.5, k.transpose(1, 2))
    scores[..., -TILE:] += mask[:, -TILE:]
    return torch.bmm(torch.softmax(scores, -1), v)


ATTENTIONS: Mapping[str, Attention] = {"fused": fused, "products": products}
