"""Our own forward pass of a Llama-like stack, over the tokens of many runs at once.

A row is a token, whichever run it belongs to: nothing is padded to the longest run.
Everything but attention looks at one row at a time; attention looks at its own run's
keys up to the end of the TILE its query stands in, masked from the query on. A row's
arithmetic then depends on its position and on the tokens before it, not on the other
rows nor, on the CPUs we measured, on their number, given a multiple of a GRANULE.
Whether that holds here is asked when a decoder is made; if not, shapes are fixed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from scoring.prm.attention import TILE, Attention
from scoring.prm.linear import ROWS, Linear

GRANULE = 16

_ARCHITECTURES = ("LlamaModel", "MistralModel", "Qwen2Model", "Qwen3Model")
_ROPES = ("default", "linear", "llama3", "yarn")


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows [row, row + count) of a pack: a run's tokens from position `start` on, all
    within one tile; `pages` [n] hold the run's keys up to the end of that tile."""

    row: int
    count: int
    start: int
    pages: Tensor


@dataclass(frozen=True, slots=True)
class Pack:
    """What one forward pass reads: token ids, positions and slots (where their keys are
    kept), [N] each; the pieces; and the slots to copy keys between before anything
    attends, pairs of (from [n], to [n]) in their order."""

    token_ids: Tensor
    positions: Tensor
    slots: Tensor
    pieces: Sequence[Piece]
    copies: Sequence[tuple[Tensor, Tensor]]


def fits(model: Any) -> bool:
    """Whether `Decoder` computes what this model computes."""
    config = model.config
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    return (
        type(model).__name__ in _ARCHITECTURES
        and config.hidden_act == "silu"
        and config.rope_parameters.get("rope_type", "default") in _ROPES
        and not getattr(config, "sliding_window", None)
        and kinds == {"full_attention"}
    )


class Layer:
    """One layer's weights; products that share their input are fused."""

    def __init__(self, layer: Any) -> None:
        attention, mlp = layer.self_attn, layer.mlp
        self.qkv = Linear([attention.q_proj, attention.k_proj, attention.v_proj])
        self.out = Linear([attention.o_proj])
        self.gate_up = Linear([mlp.gate_proj, mlp.up_proj])
        self.down = Linear([mlp.down_proj])
        self.before_attention = layer.input_layernorm.weight
        self.before_mlp = layer.post_attention_layernorm.weight
        # Qwen 3 normalises every head of queries and keys
        self.query_norm = getattr(attention, "q_norm", None)
        self.key_norm = getattr(attention, "k_norm", None)


class Decoder:
    """The layers of a model, over its own weights or copies of them, and a way of
    attending.

    Attributes: `rows` and `queries`, the multiples that row counts of products and of
    attention are padded to; `layers`, `kv_heads`, `head_width`, `width`, the geometry.
    """

    def __init__(self, model: Any, attend: Attention) -> None:
        config = model.config
        self.attend = attend
        self.width: int = config.hidden_size
        self.kv_heads: int = config.num_key_value_heads
        self.group: int = config.num_attention_heads // self.kv_heads
        self.head_width: int = model.layers[0].self_attn.head_dim
        self.dtype: torch.dtype = model.dtype
        self.device: torch.device = model.device
        self._eps: float = config.rms_norm_eps
        self._embed, self._rotary = model.embed_tokens, model.rotary_emb
        self.layers = [Layer(layer) for layer in model.layers]
        self._mask = self._triangle(0)
        self.rows = self.queries = GRANULE

    def forward(self, pack: Pack, keys: Tensor, values: Tensor) -> Tensor:
        """States after the last layer, [N, width].

        `keys` and `values`, [layers, kv_heads, pages, page size, head_width], get those
        of the pack and serve those of the tokens before it.
        """
        count = len(pack.token_ids)
        x: Tensor = self._embed(pack.token_ids)
        rotation = self._rotation(x, pack.positions)
        # the last granule of a piece may reach beyond the last row
        shape = (self.kv_heads, count + TILE, self.group * self.head_width)
        queries, attended = x.new_zeros(shape), x.new_zeros(shape)
        for layer, k, v in zip(self.layers, keys, values, strict=True):
            pools = (k.flatten(1, 2), v.flatten(1, 2))
            self._project(layer, x, rotation, queries, pack.slots, pools)
            for source, target in pack.copies:
                for pool in pools:
                    pool[:, target] = pool[:, source]
            for piece in pack.pieces:
                self._attend(piece, queries, k, v, attended)
            self._mix(layer, x, attended)
        return x

    def _project(
        self,
        layer: Layer,
        x: Tensor,
        rotation: Tensor,
        queries: Tensor,
        slots: Tensor,
        pools: tuple[Tensor, Tensor],
    ) -> None:
        """Queries, keys and values of every row, the latter two put in their slots."""
        heads = self.kv_heads * self.group
        for rows in _chunks(len(x)):
            qkv = self._product(layer.qkv, self._norm(x[rows], layer.before_attention))
            q, k, v = qkv.view(len(qkv), -1, self.head_width).tensor_split(
                (heads, heads + self.kv_heads), dim=1
            )
            if layer.query_norm is not None and layer.key_norm is not None:
                q, k = layer.query_norm(q), layer.key_norm(k)
            turned = _rotated(q, rotation[:, rows])
            queries[:, rows] = turned.view(len(q), self.kv_heads, -1).transpose(0, 1)
            pools[0][:, slots[rows]] = _rotated(k, rotation[:, rows]).transpose(0, 1)
            pools[1][:, slots[rows]] = v.transpose(0, 1)

    def _attend(
        self, piece: Piece, queries: Tensor, keys: Tensor, values: Tensor, out: Tensor
    ) -> None:
        """Attention of one piece; the query heads that share keys stand in line as if
        they were queries, so that the keys are walked through once."""
        padded = -(-piece.count // self.queries) * self.queries
        q = queries[:, piece.row : piece.row + padded]
        k, v = (
            pool.index_select(1, piece.pages).flatten(1, 2) for pool in (keys, values)
        )
        found = self.attend(
            q.reshape(self.kv_heads, -1, self.head_width),
            k,
            v,
            self._seen(piece.start, padded, k.shape[1]),
        )  # [kv_heads, padded * group, head_width]
        rows = found.reshape(self.kv_heads, padded, -1)
        out[:, piece.row : piece.row + piece.count] = rows[:, : piece.count]

    def _mix(self, layer: Layer, x: Tensor, attended: Tensor) -> None:
        """Add what attention and the MLP give to the states, in place."""
        for rows in _chunks(len(x)):
            part = x[rows]
            part += self._product(
                layer.out, attended[:, rows].transpose(0, 1).flatten(1)
            )
            normed = self._norm(part, layer.before_mlp)
            gate, up = self._product(layer.gate_up, normed).chunk(2, dim=-1)
            part += self._product(layer.down, F.silu(gate).mul_(up))

    def _product(self, linear: Linear, x: Tensor) -> Tensor:
        """[n, in] to [n, out], computed on a multiple of `rows` rows."""
        missing = -len(x) % self.rows
        return linear(F.pad(x, (0, 0, 0, missing)))[: len(x)] if missing else linear(x)

    def _norm(self, x: Tensor, weight: Tensor) -> Tensor:
        return F.rms_norm(x, (self.width,), weight, self._eps)

    def _rotation(self, x: Tensor, positions: Tensor) -> Tensor:
        """cos and sin of every position's angles: [2, N, 1, head_width / 2]."""
        halves = self._rotary(x, positions[None])
        return torch.stack(
            [half[0, :, None, : self.head_width // 2] for half in halves]
        )

    def _seen(self, start: int, count: int, keys: int) -> Tensor:
        """[count * group, keys]: 0 where a query sees the key, -inf elsewhere."""
        longest = self._mask.shape[1] // 2
        if keys > longest:
            longest = 1 << (keys - 1).bit_length()
            self._mask = self._triangle(longest)
        window = self._mask[
            : count * self.group, longest - start : longest - start + keys
        ]
        # a GPU's kernel wants rows that begin where it can load them in one go
        return window if self.device.type == "cpu" else window.contiguous()

    def _triangle(self, longest: int) -> Tensor:
        """Every mask there is, as windows on one: [TILE * group, 2 * longest]."""
        query = torch.arange(TILE).repeat_interleave(self.group)[:, None]
        ahead = torch.arange(-longest, longest)[None] > query
        mask = torch.zeros(ahead.shape, dtype=self.dtype)
        return mask.masked_fill_(ahead, float("-inf")).to(self.device)


def _chunks(count: int) -> Iterator[slice]:
    return (slice(at, min(at + ROWS, count)) for at in range(0, count, ROWS))


def _rotated(heads: Tensor, rotation: Tensor) -> Tensor:
    """Rotary position embedding (arXiv 2104.09864) of [N, heads, head_width], the two
    halves of a head being the coordinates."""
    cos, sin = rotation
    a, b = heads.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1)
