"""Does a row's arithmetic depend on its neighbours on this machine? Ask it.

Kernels may block a product differently for other numbers of rows, and sum in another
order. The answer is a property of library and processor, so one layer and a few row
counts tell it; the numbers are random, the order of summing does not depend on them.
"""

import torch
from torch import Tensor

from scoring.prm.attention import TILE
from scoring.prm.decoder import GRANULE, Decoder
from scoring.prm.linear import ROWS, Linear

COUNTS = (GRANULE, 3 * GRANULE, 5 * GRANULE, 8 * GRANULE, 13 * GRANULE)
KEYS = (3 * TILE, 32 * TILE)


@torch.inference_mode()
def settle(decoder: Decoder) -> None:
    """Fix the decoder's shapes where rows depend on their number."""
    generator = torch.Generator().manual_seed(0)
    layer = decoder.layers[0]
    products = (layer.qkv, layer.out, layer.gate_up, layer.down)
    if not all(_product_is_free(linear, decoder, generator) for linear in products):
        decoder.rows = ROWS
    if not _attention_is_free(decoder, generator):
        decoder.queries = TILE


def _product_is_free(
    linear: Linear, decoder: Decoder, generator: torch.Generator
) -> bool:
    x = _random((ROWS, linear.inputs), decoder, generator)
    whole = linear(x)
    return all(
        torch.equal(linear(x[at : at + count]), whole[at : at + count])
        for count in COUNTS
        for at in (0, 7, ROWS - count)
    )


def _attention_is_free(decoder: Decoder, generator: torch.Generator) -> bool:
    return all(_is_free_over(keys, decoder, generator) for keys in KEYS)


def _is_free_over(keys: int, decoder: Decoder, generator: torch.Generator) -> bool:
    shape = (decoder.kv_heads, keys, decoder.head_width)
    k, v = (_random(shape, decoder, generator) for _ in range(2))
    rows = TILE * decoder.group
    q = _random((decoder.kv_heads, rows, shape[-1]), decoder, generator)
    mask = _random((rows, keys), decoder, generator)
    mask.masked_fill_(mask > 1, float("-inf"))
    whole = decoder.attend(q, k, v, mask)
    return all(
        torch.equal(
            decoder.attend(q[:, at : at + count], k, v, mask[at : at + count]),
            whole[:, at : at + count],
        )
        for count in (part * decoder.group for part in COUNTS if part <= TILE)
        for at in (0, rows - count)
    )


def _random(
    shape: tuple[int, ...], decoder: Decoder, generator: torch.Generator
) -> Tensor:
    return torch.randn(shape, generator=generator).to(decoder.device, decoder.dtype)
