"""The training recipe: optimiser, schedule, image sizes, machine."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from gains.config.base import Settings


class RecipeSettings(Settings):
    """Optimiser, schedule, image sizes, machine. Defaults are the paper's."""

    iterations: int = Field(20000, ge=1)
    batch_size: int = Field(1, ge=1, description="images")
    accumulate: int = Field(
        1,
        ge=1,
        description="parts of a batch whose losses and gradients are found one after the other "
        "and averaged; `bn` and losses that are divided by a batch's objects see a part at a time",
    )
    optimiser: Literal["sgd", "adamw"] = "sgd"
    lr: float = Field(0.015, gt=0, description="learning rate after the warm-up")
    backbone_lr_factor: float = Field(1.0, ge=0, description="of lr, for the ResNet")
    momentum: float = Field(0.9, ge=0, lt=1, description="of SGD")
    weight_decay: float = Field(1e-4, ge=0, description="not of norms and embeddings")
    warmup_iterations: int = Field(1000, ge=0, description="linear warm-up")
    warmup_factor: float = Field(0.001, gt=0, le=1, description="of lr, at its start")
    milestones: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (15000, 18000), description="iterations at which lr drops"
    )
    gamma: float = Field(0.1, gt=0, le=1, description="factor of each drop")
    clip_norm: float | None = Field(None, gt=0, description="gradient clipping, off when absent")
    train_sizes: tuple[Annotated[int, Field(ge=32)], ...] = Field(
        (640, 672, 704, 736, 768, 800), min_length=1, description="short sides drawn from, px"
    )
    test_size: int = Field(800, ge=32, description="short side, px")
    test_batch_size: int = Field(
        1,
        ge=1,
        description="images of one size that are predicted together: faster on a GPU, and an "
        "image's last digits then depend on its neighbours",
    )
    max_size: int = Field(1333, ge=32, description="long side at most, px")
    horizontal_flip: float = Field(0.5, ge=0, le=1, description="probability")
    vertical_flip: float = Field(0.0, ge=0, le=1, description="probability")
    amp: bool = Field(False, description="bfloat16 where it is safe; off in the paper's runs")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto: a GPU if any")
    threads: int = Field(1, ge=1, description="CPU threads of one training, never all cores")
    workers: int = Field(0, ge=0, description="processes that load data; 0 loads in the trainer")
    checkpoint_every: int = Field(
        200,
        ge=1,
        description="iterations that a kill may cost; more of them where checkpoints would "
        "otherwise take over 2 % of the time",
    )

    @property
    def images_seen(self) -> int:
        """Number of images that a training looks at, repetitions counted."""
        return self.iterations * self.batch_size

    @model_validator(mode="after")
    def _sizes_agree(self) -> RecipeSettings:
        if self.batch_size % self.accumulate:
            raise ValueError(
                f"batch_size {self.batch_size} cannot be divided into {self.accumulate} equal "
                "parts; set accumulate to a divisor of batch_size"
            )
        if list(self.milestones) != sorted(self.milestones):
            raise ValueError(
                f"milestones must be in increasing order, found {list(self.milestones)}"
            )
        if self.max_size < max(self.test_size, *self.train_sizes):
            raise ValueError(
                f"max_size {self.max_size} is smaller than a short side: train_sizes "
                f"{list(self.train_sizes)}, test_size {self.test_size}; increase max_size"
            )
        return self
