"""Parts of transformer decoders: attention and feed-forward layers with post-norm, and MLPs."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

Memory = tuple[Tensor, Tensor]
"""Keys and values, (B, heads, M, C / heads) each."""


class Attention(nn.Module):
    """Multi-head attention, followed by the residual and layer norm.

    Args:
        dim: channels, C; divisible by ``heads``.
        heads: number of heads.
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(dim, dim)
        # a bias of the keys would shift all scores of a query equally, which has no effect
        self.key = nn.Linear(dim, dim, bias=False)
        self.value = nn.Linear(dim, dim)
        self.out = nn.Linear(dim, dim)
        self.norm = nn.LayerNorm(dim)
        for layer in (self.query, self.key, self.value):
            # as in nn.MultiheadAttention, which initialises the three weights as one matrix
            nn.init.xavier_uniform_(layer.weight, gain=2**-0.5)
        nn.init.xavier_uniform_(self.out.weight)
        for layer in (self.query, self.value, self.out):
            nn.init.zeros_(layer.bias)

    def memory(self, x: Tensor, position: Tensor) -> Memory:
        """Return the keys and values of the tokens that are attended to.

        Args:
            x: (B, M, C).
            position: positional embeddings, (B or 1, M, C); they are added to keys only.
        """
        return self._split(self.key(x + position)), self._split(self.value(x))

    def forward(
        self, x: Tensor, position: Tensor, memory: Memory, allowed: Tensor | None = None
    ) -> Tensor:
        """Return x (B, N, C) after it has attended to a memory.

        Args:
            x: (B, N, C).
            position: positional embeddings, (B or 1, N, C).
            memory: see :meth:`memory`.
            allowed: bool (B, 1, N, M), true where a token may attend; at least once per row.
        """
        query = self._split(self.query(x + position))
        seen = F.scaled_dot_product_attention(query, *memory, attn_mask=allowed)
        out: Tensor = self.norm(x + self.out(seen.transpose(1, 2).flatten(2)))
        return out

    def _split(self, x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:2], self.heads, -1).transpose(1, 2)


class FeedForward(nn.Module):
    """Two linear layers with ReLU between, followed by the residual and layer norm.

    Args:
        dim: number of channels of input and output.
        inner: number of channels between the layers.
    """

    def __init__(self, dim: int, inner: int) -> None:
        super().__init__()
        self.enter = nn.Linear(dim, inner)
        self.leave = nn.Linear(inner, dim)
        self.norm = nn.LayerNorm(dim)
        for layer in (self.enter, self.leave):
            nn.init.xavier_uniform_(layer.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Return (..., dim) of (..., dim)."""
        out: Tensor = self.norm(x + self.leave(F.relu(self.enter(x))))
        return out


def mlp(dim: int, out: int, layers: int = 3) -> nn.Sequential:
    """Return linear layers with ReLU between: ``layers - 1`` of width ``dim``, one of ``out``."""
    hidden: list[nn.Module] = []
    for _ in range(layers - 1):
        hidden += [nn.Linear(dim, dim), nn.ReLU()]
    return nn.Sequential(*hidden, nn.Linear(dim, out))
