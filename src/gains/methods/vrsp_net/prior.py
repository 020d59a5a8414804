"""The shape prior: an auto-encoder of masks, and a code book of the training masks per class."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from scipy.cluster.vq import kmeans2
from torch import Tensor, nn

from gains.detection.pooling import MASK_SIZE, crop
from gains.methods.vrsp_net import VrspSettings
from gains.models.contract import Target
from gains.support.progress import progress

LATENT_SIZE = 4
"""Side of the encoded mask, in cells."""
BATCH, RATE = 32, 0.003
"""Number of masks in a step of the auto-encoder, and Adam's learning rate."""
KMEANS_STEPS = 10


class AutoEncoder(nn.Module):
    """Three convolutions that encode a mask of 28 x 28, and four that decode it.

    Args:
        channels: width of all layers.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inside = (1, channels, channels)
        self.channels = channels
        self.down = nn.ModuleList(nn.Conv2d(n, channels, 3, stride=2, padding=1) for n in inside)
        # the second one has no padding, so that sides grow from 4 to 8, 14 and 28
        self.up = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=p) for p in (1, 0, 1))
        self.output = nn.Conv2d(channels, 1, 3, padding=1)

    def encode(self, masks: Tensor) -> Tensor:
        """Return latent vectors (N, 16 * channels) of masks or logits (N, 28, 28)."""
        x = masks[:, None].float()
        for conv in self.down:
            x = F.relu(conv(x))
        return x.flatten(1)

    def decode(self, latent: Tensor) -> Tensor:
        """Return mask probabilities (N, 28, 28) of latent vectors (N, 16 * channels)."""
        x = latent.view(len(latent), self.channels, LATENT_SIZE, LATENT_SIZE)
        for conv in self.up:
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
            x = F.relu(conv(x))
        decoded: Tensor = self.output(x)[:, 0].sigmoid()
        return decoded


class ShapePrior(nn.Module):
    """An auto-encoder that the detector does not train, and the code book of each class.

    Until :meth:`learn` is called the code books are empty.

    Args:
        settings: width of the auto-encoder, its training, sizes of the code books.
        num_classes: K.
    """

    codes: Tensor
    counts: Tensor

    def __init__(self, settings: VrspSettings, num_classes: int) -> None:
        super().__init__()
        self.settings = settings
        self.net = AutoEncoder(settings.prior_channels).requires_grad_(False)
        length = settings.prior_channels * LATENT_SIZE**2
        self.register_buffer("codes", torch.zeros(num_classes, settings.codes, length))
        self.register_buffer("counts", torch.zeros(num_classes, dtype=torch.int64))

    @torch.no_grad()
    def nearest(self, masks: Tensor, labels: Tensor, count: int) -> Tensor:
        """Return the most similar shapes of each mask's class, nearest first.

        If the code book holds fewer shapes, they are repeated. If it is empty, the mask itself is
        encoded and decoded, as published.

        Args:
            masks: (R, 28, 28), logits or masks.
            labels: int64 (R,), class index.
            count: number of shapes per mask.

        Returns:
            float32 (R, count, 28, 28), probabilities without a graph.
        """
        latent = self.net.encode(masks)
        index = self._nearest_codes(latent, labels, count)
        flat = labels[:, None] * self.codes.shape[1] + index
        # the masks of a batch resemble the same few shapes, so each of these is decoded once
        used, place = torch.unique(flat, return_inverse=True)
        shapes: Tensor = self.net.decode(self.codes.flatten(0, 1)[used])[place]
        empty = self.counts[labels] == 0
        shapes[empty] = self.net.decode(latent[empty])[:, None]
        return shapes

    def _nearest_codes(self, latent: Tensor, labels: Tensor, count: int) -> Tensor:
        """Return the places of the nearest vectors in the code books, int64 (R, count)."""
        size, used = self.codes.shape[1], self.counts[labels, None]
        products = (latent @ self.codes.flatten(0, 1).T).view(len(labels), len(self.codes), size)
        own = products[torch.arange(len(labels), device=labels.device), labels]
        # the squared norm of the latent vector itself would not change the order
        distances = self.codes.square().sum(dim=2)[labels] - 2 * own
        place = torch.arange(size, device=labels.device)
        distances = distances.masked_fill(place >= used, torch.inf)
        order = distances.topk(min(count, size), largest=False).indices
        rank = torch.arange(count, device=labels.device) % used.clamp(1, order.shape[1])
        nearest: Tensor = order.gather(1, rank)
        return nearest

    def learn(self, targets: Iterable[Target], generator: torch.Generator) -> None:
        """Train the auto-encoder on the objects' masks, and make the code books of their classes.

        Args:
            targets: ground truth of the training images.
            generator: source of the random numbers, on the CPU.
        """
        masks, labels = object_shapes(targets)
        groups = []
        for label in range(len(self.codes)):
            own = masks[labels == label]
            chosen = torch.randperm(len(own), generator=generator)[: self.settings.prior_objects]
            groups.append(own[chosen].to(self.codes.device))
        self._train(torch.cat(groups), generator)
        self.codes.zero_()
        for label, own in enumerate(groups):
            codes = self._code_book(own, generator)
            self.codes[label, : len(codes)] = codes
            self.counts[label] = len(codes)

    def _train(self, masks: Tensor, generator: torch.Generator) -> None:
        """Fit the auto-encoder to masks (N, 28, 28), each batch turned or flipped at random."""
        steps = self.settings.prior_steps
        self.net.requires_grad_(True)
        optimiser = torch.optim.Adam(self.net.parameters(), lr=RATE)
        with torch.enable_grad(), progress("shape prior", steps) as advance:
            for done in range(1, steps + 1):
                chosen = torch.randint(len(masks), (BATCH,), generator=generator)
                turn = int(torch.randint(8, (), generator=generator))
                batch = turned_masks(masks[chosen.to(masks.device)], turn).float()
                loss = F.mse_loss(self.net.decode(self.net.encode(batch)), batch)
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                advance(done)
        self.net.zero_grad()
        self.net.requires_grad_(False)

    @torch.no_grad()
    def _code_book(self, masks: Tensor, generator: torch.Generator) -> Tensor:
        """Return the vectors of masks turned and flipped, or centres of them if they are many."""
        encoded = torch.cat([self.net.encode(turned_masks(masks, turn)) for turn in range(8)])
        vectors: Tensor = torch.unique(encoded, dim=0)
        limit = self.settings.codes
        if len(vectors) <= limit:
            return vectors
        points = vectors.cpu().numpy()
        start = points[torch.randperm(len(points), generator=generator)[:limit].numpy()]
        with warnings.catch_warnings():
            # a centre that is no longer the nearest of any vector stays where it is
            warnings.simplefilter("ignore", UserWarning)
            centres, _ = kmeans2(points, start, iter=KMEANS_STEPS, minit="matrix")
        return torch.from_numpy(centres).to(vectors)


def object_shapes(targets: Iterable[Target]) -> tuple[Tensor, Tensor]:
    """Return the masks of all objects inside their boxes, bool (N, 28, 28), and their classes."""
    masks = [torch.zeros((0, MASK_SIZE, MASK_SIZE), dtype=torch.bool)]
    labels = [torch.zeros(0, dtype=torch.int64)]
    for target in targets:
        masks.append(crop(target.masks, target.boxes, torch.arange(len(target.boxes))) >= 0.5)
        labels.append(target.labels)
    return torch.cat(masks), torch.cat(labels)


def turned_masks(masks: Tensor, turn: int) -> Tensor:
    """Return masks (N, h, w) in one of the 8 versions of the dihedral group, ``turn`` 0 to 7."""
    flipped = masks.flip(2) if turn >= 4 else masks
    return flipped.rot90(turn % 4, (1, 2))
