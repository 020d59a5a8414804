"""The dual-path decoder and its masked attention (paper sections 3.4 and 3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gains.methods.fastinst import FastInstSettings
from gains.methods.fastinst.attention import Attention, FeedForward, Memory, mlp
from gains.methods.fastinst.queries import Queries


@dataclass
class QueryPredictions:
    """Predictions of the queries that were picked from the image.

    Attributes:
        logits: float32 (B, Q, K + 1), background last.
        masks: float32 logits (B, Q, h, w), at a stride of 8 px.
    """

    logits: Tensor
    masks: Tensor


@dataclass
class LayerInput:
    """Input of the query half of a layer, and its head.

    Attributes:
        queries: (B, Q + A, C), as they were before the layer.
        memory: keys and values of the pixels.
        mask_features: (B, C, h, w).
    """

    queries: Tensor
    memory: Memory
    mask_features: Tensor


def attention_mask(inside: Tensor, auxiliary: int) -> Tensor:
    """Return where queries may attend: inside their mask, or everywhere without a mask.

    Args:
        inside: bool (B, Q, h, w), true in the mask of each query.
        auxiliary: A, the number of queries without a mask.

    Returns:
        bool (B, 1, Q + A, h * w).
    """
    rows = F.pad(inside.flatten(2), (0, 0, 0, auxiliary))
    return (rows | ~rows.any(dim=2, keepdim=True))[:, None]


class Head(nn.Module):
    """The head that predicts class and mask of each query that was picked from the image.

    Args:
        dim: channels, C.
        num_classes: K.
        auxiliary: A, the number of queries at the end that predict nothing.
    """

    def __init__(self, dim: int, num_classes: int, auxiliary: int) -> None:
        super().__init__()
        self.auxiliary = auxiliary
        self.norm = nn.LayerNorm(dim)
        self.classes = mlp(dim, num_classes + 1)
        self.embedding = mlp(dim, dim)
        self.features = nn.Linear(dim, dim)

    def mask_features(self, pixels: Tensor, size: torch.Size) -> Tensor:
        """Return the mask features (B, C, h, w) of pixels (B, h * w, C)."""
        features: Tensor = self.features(pixels)
        return features.transpose(1, 2).reshape(len(pixels), -1, *size)

    def forward(self, queries: Tensor, mask_features: Tensor) -> QueryPredictions:
        """Predict from queries (B, Q + A, C) and mask features (B, C, h, w)."""
        picked = self.norm(queries[:, : queries.shape[1] - self.auxiliary])
        masks = self.embedding(picked) @ mask_features.flatten(2)
        return QueryPredictions(
            self.classes(picked).float(),
            masks.float().reshape(*masks.shape[:2], *mask_features.shape[-2:]),
        )


class Layer(nn.Module):
    """One layer: pixels attend to queries, then queries attend to pixels and to one another.

    Args:
        settings: widths and number of heads.
        num_classes: K.
    """

    def __init__(self, settings: FastInstSettings, num_classes: int) -> None:
        super().__init__()
        dim, heads, inner = settings.backbone.fpn_channels, settings.heads, settings.feedforward_dim
        self.pixel_attention = Attention(dim, heads)
        self.pixel_feedforward = FeedForward(dim, inner)
        self.query_attention = Attention(dim, heads)
        self.self_attention = Attention(dim, heads)
        self.query_feedforward = FeedForward(dim, inner)
        self.head = Head(dim, num_classes, settings.auxiliary_queries)

    def pixels(self, x: Tensor, position: Tensor, queries: Tensor, where: Tensor) -> Tensor:
        """Return the updated pixels (B, h * w, C); ``where`` is the position of the queries."""
        memory = self.pixel_attention.memory(queries, where)
        out: Tensor = self.pixel_feedforward(self.pixel_attention(x, position, memory))
        return out

    def queries(self, step: LayerInput, position: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the updated queries (B, Q + A, C); ``position`` is that of the queries."""
        x = self.query_attention(step.queries, position, step.memory, attention_mask)
        x = self.self_attention(x, position, self.self_attention.memory(x, position))
        out: Tensor = self.query_feedforward(x)
        return out


class Decoder(nn.Module):
    """The decoder layers, with separate heads before the first layer and after each layer.

    Args:
        settings: number of layers, widths.
        num_classes: K.
    """

    def __init__(self, settings: FastInstSettings, num_classes: int) -> None:
        super().__init__()
        self.auxiliary = settings.auxiliary_queries
        self.head = Head(settings.backbone.fpn_channels, num_classes, self.auxiliary)
        self.layers = nn.ModuleList(
            Layer(settings, num_classes) for _ in range(settings.decoder_layers)
        )

    def forward(
        self, queries: Queries, pixels: Tensor, position: Tensor
    ) -> tuple[list[QueryPredictions], list[LayerInput]]:
        """Refine queries and pixels in turn.

        Args:
            queries: the initial queries.
            pixels: (B, C, h, w), at a stride of 8 px.
            position: positional embeddings of the pixels, (1, h * w, C).

        Returns:
            The predictions of all heads, the last ones the best, and the inputs of each layer.
        """
        size = pixels.shape[-2:]
        x, pixels = queries.features, pixels.flatten(2).transpose(1, 2)
        predictions: list[QueryPredictions] = [self.head(x, self.head.mask_features(pixels, size))]
        steps: list[LayerInput] = []
        for layer in self._layers():
            pixels = layer.pixels(pixels, position, x, queries.positions)
            memory = layer.query_attention.memory(pixels, position)
            steps.append(LayerInput(x, memory, layer.head.mask_features(pixels, size)))
            where = attention_mask(predictions[-1].masks.detach() >= 0, self.auxiliary)
            x = layer.queries(steps[-1], queries.positions, where)
            predictions.append(layer.head(x, steps[-1].mask_features))
        return predictions, steps

    def guided(
        self, queries: Queries, steps: list[LayerInput], inside: Tensor
    ) -> list[QueryPredictions]:
        """Run the queries of every layer again with given masks instead of the predicted ones.

        Each layer starts from its input of the first pass. Its pixels do not depend on the masks,
        so they are also those of the first pass. (The paper replaces only the mask. The program
        also passes each layer's output of this second pass on.)

        Args:
            queries: the initial queries.
            steps: inputs of the layers in the first pass.
            inside: bool (B, Q, h, w), the mask of the object that each query is matched to; empty
                for queries without an object.

        Returns:
            One prediction per layer.
        """
        where = attention_mask(inside, self.auxiliary)
        return [
            layer.head(layer.queries(step, queries.positions, where), step.mask_features)
            for layer, step in zip(self._layers(), steps, strict=True)
        ]

    def _layers(self) -> list[Layer]:
        return cast(list[Layer], list(self.layers))
