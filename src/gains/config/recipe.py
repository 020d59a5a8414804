"""The training recipe: optimiser, schedule, image sizes, device, choice of the weights."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from gains.config.augmentation import Augmentation
from gains.config.base import HOME, OFF_BY_DEFAULT, Settings, validated
from gains.config.clusters import ClusterSettings

MOST_PIXELS = 16384
"""Limit of the sides of images that a model sees, in px; a square of it takes 3 GB of memory."""


class StartSettings(Settings):
    """A run of the same study, from whose model a training starts."""

    method: str = Field(description="name of the method of that run")
    variant: str = Field("default", description="variant of the method of that run")


def _as_start(content: Any) -> Any:
    """Check a mapping here, because the messages of a union name all of its types."""
    if isinstance(content, dict):
        return validated(StartSettings, content, "")
    if content is not None and not isinstance(content, str | StartSettings):
        raise ValueError(
            "expected the path of a model file, or a mapping with the method and the variant of a "
            f"run of this study, found {content!r}"
        )
    return content


class RecipeSettings(Settings):
    """Optimiser, schedule, image sizes and device; the defaults are those of the paper."""

    iterations: int = Field(20000, ge=1, description="number of training steps")
    batch_size: int = Field(1, ge=1, description="number of images in a batch")
    accumulate: int = Field(
        1,
        ge=1,
        description="number of parts of a batch whose gradients are computed one after the other "
        "and averaged; `bn`, and losses that are divided by the number of objects, see "
        "one part at a time",
    )
    optimiser: Literal["sgd", "adamw", "rmsprop"] = Field(
        "sgd", description="optimiser of the training; rmsprop has the constants of Keras"
    )
    lr: float = Field(0.015, gt=0, description="learning rate after the warm-up")
    backbone_lr_factor: float = Field(
        1.0, ge=0, description="learning rate of the ResNet, as a multiple of lr"
    )
    momentum: float = Field(0.9, ge=0, lt=1, description="momentum of SGD")
    weight_decay: float = Field(
        1e-4, ge=0, description="weight decay of all parameters but those of norms and embeddings"
    )
    warmup_iterations: int = Field(
        1000, ge=0, description="length of the linear warm-up in iterations"
    )
    warmup_factor: float = Field(
        0.001,
        gt=0,
        le=1,
        description="learning rate at the start of the warm-up, as a multiple of lr",
    )
    milestones: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (15000, 18000),
        description="iterations after which the learning rate drops; `[]`: none",
    )
    decay_every: Annotated[int | None, OFF_BY_DEFAULT] = Field(
        None,
        ge=1,
        description="number of iterations between drops of the learning rate at equal intervals, "
        "with `milestones: []`; default: it drops at the milestones",
    )
    gamma: float = Field(0.1, gt=0, le=1, description="factor of the learning rate at each drop")
    clip_norm: float | None = Field(
        None, gt=0, description="norm to which gradients are clipped; default: no clipping"
    )
    train_sizes: tuple[Annotated[int, Field(ge=32, le=MOST_PIXELS)], ...] = Field(
        (640, 672, 704, 736, 768, 800),
        min_length=1,
        description="short sides of training images in px, of which one is drawn at random",
    )
    test_size: int = Field(
        800, ge=32, le=MOST_PIXELS, description="short side of test images in px"
    )
    test_batch_size: int = Field(
        1,
        ge=1,
        description="number of images of one size that are predicted together: a larger number is "
        "faster on a GPU, but the last digits of the results of an image then depend on "
        "the other images",
    )
    max_size: int = Field(1333, ge=32, le=MOST_PIXELS, description="maximum of the long side in px")
    horizontal_flip: float = Field(0.5, ge=0, le=1, description="probability of a horizontal flip")
    vertical_flip: float = Field(0.0, ge=0, le=1, description="probability of a vertical flip")
    augmentations: Annotated[tuple[Augmentation, ...], OFF_BY_DEFAULT] = Field(
        (),
        description="random transforms of the training samples, in this order, after the flips; "
        "each is a mapping with the `name` of a transform and its keys, see below",
    )
    clusters: Annotated[ClusterSettings | None, OFF_BY_DEFAULT] = Field(
        None,
        exclude_if=lambda clusters: clusters is None,
        description="synthetic scenes of overlapping cells that are added to the training images, "
        "see below; default: none",
    )
    amp: bool = Field(
        False,
        description="computation in bfloat16 where it is safe; the paper's runs do not use it",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="device of training and prediction; auto: a GPU if there is one"
    )
    threads: int = Field(1, ge=1, le=1024, description="number of CPU threads of one training")
    workers: int = Field(
        0,
        ge=0,
        le=1024,
        description="number of processes that load data; 0: the training process loads them",
    )
    checkpoint_every: int = Field(
        200,
        ge=1,
        description="iterations between checkpoints; the number is larger where checkpoints would "
        "take over 2 % of the time",
    )
    start_from: Annotated[
        str | StartSettings | None, BeforeValidator(_as_start), HOME, OFF_BY_DEFAULT
    ] = Field(
        None,
        description="whole model from whose values the training starts: a file for fine-tuning, "
        "`model.pt` of a training or a detector of `gains weights convert`; or a run of this "
        "study, see below, for a second phase; backbone.weights is then not read; default: the "
        "weights of the backbone, and random heads",
    )
    select: Annotated[Literal["last", "best"], OFF_BY_DEFAULT] = Field(
        "last",
        description="whose weights the model file holds: those after the last iteration, or those "
        "of the best validation; of equal ones, the first",
    )
    validate_every: Annotated[int | None, OFF_BY_DEFAULT] = Field(
        None,
        ge=1,
        description="iterations between validations, besides the one after the last iteration; "
        "default: no validation, or a tenth of the iterations with `select: best`",
    )
    validation_metric: str = Field(
        "mAP",
        description="metric of the validation: an AP, or a clean metric of which a larger value is "
        "better",
    )
    validation_threshold: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="score threshold of the predictions of the validation; default: that of the "
        "run's predictions",
    )
    early_stopping: Annotated[int | None, OFF_BY_DEFAULT] = Field(
        None,
        ge=1,
        description="number of validations without a better value after which a training with "
        "`select: best` ends; default: it does not end early",
    )

    @property
    def validation_interval(self) -> int | None:
        """Number of iterations between validations; None without validation."""
        if self.validate_every is None and self.select == "best":
            return max(1, self.iterations // 10)
        return self.validate_every

    @property
    def augmented_by(self) -> str:
        """The random transforms besides flips, and the added clusters, in words; "" for none."""
        blocks = (*self.augmentations, *([] if self.clusters is None else [self.clusters]))
        return " + ".join(block.words for block in blocks)

    @property
    def images_seen(self) -> int:
        """Number of images that a training reads, repetitions counted."""
        return self.iterations * self.batch_size

    @model_validator(mode="after")
    def _settings_agree(self) -> RecipeSettings:
        if self.batch_size % self.accumulate:
            raise ValueError(
                f"batch_size {self.batch_size} cannot be divided into {self.accumulate} equal "
                "parts; set accumulate to a divisor of batch_size"
            )
        if self.early_stopping is not None and self.select != "best":
            raise ValueError(
                "early_stopping ends a training whose validations improve no more, but the weights "
                "of the last iteration are kept; set select: best"
            )
        if list(self.milestones) != sorted(self.milestones):
            raise ValueError(
                f"milestones must be in increasing order, found {list(self.milestones)}"
            )
        if self.decay_every is not None and self.milestones:
            raise ValueError(
                f"decay_every {self.decay_every} and milestones {list(self.milestones)}: the "
                "learning rate drops either at equal intervals or at the milestones; write "
                "`milestones: []` beside decay_every, or leave decay_every out"
            )
        if self.max_size < max(self.test_size, *self.train_sizes):
            raise ValueError(
                f"max_size {self.max_size} is smaller than a short side: train_sizes "
                f"{list(self.train_sizes)}, test_size {self.test_size}; increase max_size"
            )
        return self
