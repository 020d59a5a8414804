"""Matching of queries to objects, and the losses of the matches (paper section 3.6)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import torch
import torch.nn.functional as F
from torch import Tensor

from gains.methods.fastinst import FastInstSettings
from gains.methods.fastinst.assignment import assign_one_to_one, mask_costs, smoothed_dice_loss
from gains.methods.fastinst.decoder import QueryPredictions
from gains.methods.fastinst.queries import Queries
from gains.models.contract import Target
from gains.models.points import sample_points, uncertain_points


@dataclass
class Truth:
    """The objects of a batch, at the size of the padded images.

    Attributes:
        labels: int64 (N_i,) per image.
        masks: float32 (N_i, H, W) per image, 0 or 1.
    """

    labels: list[Tensor]
    masks: list[Tensor]

    @classmethod
    def from_targets(cls, targets: list[Target], size: tuple[int, int]) -> Truth:
        """Return the objects of targets, with masks padded to (H, W)."""
        padded = [t.masks.new_zeros((len(t.masks), *size), dtype=torch.float32) for t in targets]
        for plane, target in zip(padded, targets, strict=True):
            plane[:, : target.masks.shape[1], : target.masks.shape[2]] = target.masks
        return cls([t.labels for t in targets], padded)


@dataclass
class Matches:
    """Pairs of predictions and objects in a batch.

    Attributes:
        query: int64 (M,), index into the B * Q queries of all images, one after the other.
        object: int64 (M,), index into the objects of all images, one after the other; ascending.
    """

    query: Tensor
    object: Tensor


def _join(pairs: list[tuple[Tensor, Tensor]], queries: int, truth: Truth) -> Matches:
    """Join the assignments of images that have equally many queries."""
    starts = accumulate([0, *(len(labels) for labels in truth.labels)])
    return Matches(
        torch.cat([query + number * queries for number, (query, _) in enumerate(pairs)]),
        torch.cat([objects + start for (_, objects), start in zip(pairs, starts, strict=False)]),
    )


@torch.no_grad()
def match_queries(
    settings: FastInstSettings,
    predictions: list[QueryPredictions],
    locations: Tensor,
    truth: Truth,
    generator: torch.Generator,
) -> list[Matches]:
    """Match queries to objects, separately for the predictions of every head.

    The cost of a pair is the sum of the costs of class, mask and dice, and of ``location_cost`` if
    the location of the query lies outside the object.

    Args:
        settings: weights, number of points.
        predictions: predictions of L heads.
        locations: float32 (B, Q, 2), x y in [0, 1].
        truth: objects of B images.
        generator: source of the random points; all masks of an image share them.

    Returns:
        The matches of each head.
    """
    costs: list[Tensor] = []
    for number, (labels, masks) in enumerate(zip(truth.labels, truth.masks, strict=True)):
        logits = torch.stack([p.logits[number] for p in predictions])
        found = torch.stack([p.masks[number] for p in predictions])
        points = torch.rand((1, settings.points, 2), generator=generator, device=locations.device)
        sampled = sample_points(found.flatten(0, 1)[None], points).reshape(*found.shape[:2], -1)
        entropy, dice = mask_costs(sampled, sample_points(masks[None], points)[0])
        outside = sample_points(masks[None], locations[number][None])[0] <= 0
        costs += (
            settings.class_weight * -logits.softmax(dim=2)[:, :, labels]
            + settings.mask_weight * entropy
            + settings.dice_weight * dice
            + settings.location_cost * outside.T
        )
    pairs, heads, queries = assign_one_to_one(costs), len(predictions), locations.shape[1]
    return [_join(pairs[head::heads], queries, truth) for head in range(heads)]


@torch.no_grad()
def match_locations(settings: FastInstSettings, logits: Tensor, truth: Truth) -> Matches:
    """Match the cells of the activation map to objects, by class and location only.

    Args:
        settings: weights.
        logits: (B, K + 1, h, w), background last; a cell lies outside an object if the
            object covers none of its pixels.
        truth: objects of B images.

    Returns:
        Matches whose ``query`` is an index into the B * h * w cells.
    """
    probability = logits.float().softmax(dim=1).flatten(2)
    costs = []
    for values, labels, masks in zip(probability, truth.labels, truth.masks, strict=True):
        covered = F.adaptive_max_pool2d(masks, logits.shape[-2:]).flatten(1)
        outside = settings.location_cost * (covered <= 0)
        costs.append((outside - settings.class_weight * values[labels]).T)
    return _join(assign_one_to_one(costs), probability.shape[2], truth)


def class_loss(logits: Tensor, matched: Matches, truth: Truth, no_object_weight: float) -> Tensor:
    """Return the cross entropy; unmatched queries are background, which has its own weight.

    Args:
        logits: (B, K + 1, Q), background last.
        matched: the matches.
        truth: the objects.
        no_object_weight: weight of background; the mean is weighted too.
    """
    background = logits.shape[1] - 1
    classes = matched.query.new_full((len(logits) * logits.shape[2],), background)
    classes[matched.query] = torch.cat(truth.labels)[matched.object]
    weight = logits.new_ones(background + 1, dtype=torch.float32)
    weight[background] = no_object_weight
    return F.cross_entropy(logits.float(), classes.reshape(len(logits), -1), weight)


def mask_losses(
    settings: FastInstSettings,
    prediction: QueryPredictions,
    matched: Matches,
    masks: Tensor,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Return binary cross entropy and dice loss on points, summed over the matched masks.

    Args:
        settings: number and choice of the points.
        prediction: predictions of one head.
        matched: the M matches of that head.
        masks: float32 (N, H, W), all objects of the batch.
        generator: source of the random points.
    """
    logits = prediction.masks.flatten(0, 1).index_select(0, matched.query)[:, None]
    points = uncertain_points(
        logits, settings.points, generator, settings.oversampling, settings.uncertain_share
    )
    predicted = sample_points(logits, points)[:, 0]
    if len(matched.object) < len(masks):  # otherwise the masks are in order and need no copy
        masks = masks.index_select(0, matched.object)
    truth = sample_points(masks[:, None], points)[:, 0]
    entropy = F.binary_cross_entropy_with_logits(predicted, truth, reduction="none")
    return entropy.mean(dim=1).sum(), smoothed_dice_loss(predicted, truth).sum()


def losses(
    settings: FastInstSettings,
    predictions: list[QueryPredictions],
    matches: list[Matches],
    queries: Queries,
    truth: Truth,
    generator: torch.Generator,
) -> dict[str, Tensor]:
    """Return the weighted losses: three losses summed over all heads, and that of the activations.

    Args:
        settings: weights.
        predictions: predictions of all heads, those of the guided pass included.
        matches: the matches of each head.
        queries: the initial queries, with the activation logits.
        truth: the objects.
        generator: source of the random points.
    """
    masks = torch.cat(truth.masks)
    entropy, dice, classes = [], [], []
    for prediction, matched in zip(predictions, matches, strict=True):
        logits = prediction.logits.transpose(1, 2)
        classes.append(class_loss(logits, matched, truth, settings.no_object_weight))
        on_points = mask_losses(settings, prediction, matched, masks, generator)
        entropy.append(on_points[0])
        dice.append(on_points[1])
    activated = match_locations(settings, queries.logits, truth)
    activation = class_loss(queries.logits.flatten(2), activated, truth, 1.0)
    objects = max(1, len(masks))
    return {
        "loss_class": settings.class_weight * torch.stack(classes).sum(),
        "loss_mask": settings.mask_weight * torch.stack(entropy).sum() / objects,
        "loss_dice": settings.dice_weight * torch.stack(dice).sum() / objects,
        "loss_activation": settings.activation_weight * activation,
    }
