"""Studies: what ``config.yaml`` may say, checked. Imports no torch (the Snakefile imports it)."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, field_validator, model_validator

from gains.registry import nearest
from gains.strict import Strict, validated

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
Name = Annotated[str, Field(pattern=NAME)]
"""A name that becomes part of a path."""


class MapSettings(Strict):
    """A gradient anomaly map parameter set (paper section II-C)."""

    variant: Literal["isbi", "chrom", "nuclei"] = Field(
        "isbi", description="which of the published programs, see anomaly-maps.md"
    )
    target_category: int = Field(1, ge=0, description="category that gets maps")
    window_size: int = Field(5, ge=2, description="side of the deviation window, px")
    f_ga: float = Field(0.5, gt=0, description="map values lie in [1, 1 + f_ga]")
    overlap_highlight: float = Field(0.1, ge=0, description="added where two objects overlap")
    mode: Literal["as_published", "clean"] = Field(
        "clean", description="with the program's quirks, or without"
    )
    rasterize: Literal["coco", "points"] = Field(
        "coco", description="points: the programs' rule, for `gains maps` on polygons only"
    )

    @property
    def key(self) -> str:
        """A name for files, e.g. ``isbi-t1-w5-f0.5-ol0.1-clean``."""
        name = (
            f"{self.variant}-t{self.target_category}-w{self.window_size}-f{self.f_ga:g}"
            f"-ol{self.overlap_highlight:g}-{self.mode}"
        )
        return name if self.rasterize == "coco" else f"{name}-{self.rasterize}"


class SplitSettings(Strict):
    """Random 6:2:2 by seed, k-fold cross-validation by seed, or given lists."""

    ratio: tuple[float, float, float] = Field((0.6, 0.2, 0.2), description="train, val, test")
    seed: int = Field(0, ge=0, description="of the draw")
    folds: int = Field(
        1,
        ge=1,
        description="from 2 up: each image is tested in one fold; ratio divides the others into "
        "train and val",
    )
    file: str | None = Field(None, description="JSON with given lists instead of a draw")

    @field_validator("ratio")
    @classmethod
    def _sums_to_one(cls, ratio: tuple[float, float, float]) -> tuple[float, float, float]:
        if min(ratio) <= 0 or abs(sum(ratio) - 1) > 1e-9:
            raise ValueError(
                f"train, val, test shares must be positive and sum to 1, found {ratio}"
            )
        return ratio


class RecipeSettings(Strict):
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

    @model_validator(mode="after")
    def _sizes_agree(self) -> RecipeSettings:
        if self.batch_size % self.accumulate:
            raise ValueError(
                f"batch_size {self.batch_size} does not fall into {self.accumulate} equal parts; "
                "set accumulate to a divisor of it"
            )
        if list(self.milestones) != sorted(self.milestones):
            raise ValueError(f"milestones must rise, found {list(self.milestones)}")
        if self.max_size < max(self.test_size, *self.train_sizes):
            raise ValueError(
                f"max_size {self.max_size} is below the short sides it bounds: "
                f"train_sizes {list(self.train_sizes)}, test_size {self.test_size}"
            )
        return self


class DatasetSettings(Strict):
    """One data set of a study."""

    source: str | None = Field(None, description="registered data set; default: the block's name")
    title: str | None = Field(None, description="in tables; default: the block's name")
    represents: str | None = Field(None, description="it IS this published data set")
    stands_for: str | None = Field(None, description="a stand-in for this published data set")
    options: dict[str, Any] = Field(default_factory=dict, description="of the data set itself")
    split: SplitSettings = Field(SplitSettings(), description="see below")
    maps: MapSettings = Field(MapSettings(), description="see below")
    cell_category: int | None = Field(
        None,
        ge=0,
        description="category whose objects overlap (DoNet, Occlusion R-CNN); absent: the maps'",
    )
    max_detections: int = Field(100, ge=1, description="per image, in model and metrics")
    recipe: dict[str, Any] = Field(default_factory=dict, description="changes of the recipe")
    detector: dict[str, Any] = Field(default_factory=dict, description="changes of the detector")

    @model_validator(mode="after")
    def _one_role(self) -> DatasetSettings:
        if self.represents and self.stands_for:
            raise ValueError("a data set either represents a published one or stands for it")
        return self


class VariantSettings(Strict):
    """What a variant changes: the method's own settings, the recipe, the maps."""

    method: dict[str, Any] = Field(default_factory=dict, description="of the method's own")
    recipe: dict[str, Any] = Field(default_factory=dict, description="of the recipe")
    maps: dict[str, Any] = Field(default_factory=dict, description="of the maps")


class MethodSettings(Strict):
    """What a study changes for one method, all variants of it."""

    method: dict[str, Any] = Field(default_factory=dict, description="of the method's own")
    recipe: dict[str, Any] = Field(default_factory=dict, description="of the recipe")
    images: float = Field(
        1.0,
        gt=0,
        description="images seen in training, as a multiple of the common recipe's; iterations, "
        "milestones and warm-up follow, also from another batch_size",
    )
    images_on: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict, description="the same for single data sets, by name"
    )


class RowSettings(Strict):
    """A table row: a method's variant, and the published row it stands beside."""

    method: str = Field(description="see `gains methods`")
    variant: str = Field("default", description="of the method, built in or of the study")
    label: str | None = Field(None, description="default: title and backbone")
    published: str | None = Field(None, description="row of the published table")


RESERVED = ("compare", "data_audit", "summary", "figure3")
"""Outputs beside the tables."""


class TableSettings(Strict):
    """A table: rows, columns, and the published table it stands beside."""

    title: str
    rows: tuple[RowSettings, ...] = Field(min_length=1)
    datasets: tuple[str, ...] | None = Field(
        None, min_length=1, description="of the study; absent: all"
    )
    metrics: tuple[str, ...] = Field(
        ("mAP", "AJI", "Dice", "F1"), min_length=1, description="columns, see metrics.md"
    )
    subsets: tuple[Literal["target", "average"], ...] = Field(
        ("average",), min_length=1, description="the target category of the maps, or all"
    )
    paper: str = Field("GAInS", description="paper that the table stands beside")
    table: str | None = Field(None, description="its table there, e.g. III")

    @field_validator("datasets", "metrics", "subsets")
    @classmethod
    def _once(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if names is not None and len(set(names)) != len(names):
            raise ValueError(f"each may stand there once, found {list(names)}")
        return names


class Figure3Settings(Strict):
    """What figure 3 shows."""

    dataset: str
    image: str | None = Field(None, description="file name; default: first training image")


class StudySettings(Strict):
    """A study as it stands in ``config.yaml``."""

    title: str = Field(description="shown under its tables")
    seeds: tuple[int, ...] = Field((0,), min_length=1, description="one training each")
    gpu: int = Field(0, ge=0, le=1, description="1: trainings and predictions take a GPU each")
    mem_mb: int = Field(2000, ge=100, description="memory of one training or prediction")
    datasets: dict[Name, DatasetSettings] = Field(min_length=1)
    detector: dict[str, Any] = Field(
        default_factory=dict, description="settings of all methods that have them"
    )
    recipe: dict[str, Any] = Field(default_factory=dict, description="changes of the recipe")
    methods: dict[Name, MethodSettings] = Field(
        default_factory=dict, description="recipes of their own, by method"
    )
    variants: dict[Name, dict[Name, VariantSettings]] = Field(
        default_factory=dict, description="by method and name"
    )
    tables: dict[Name, TableSettings] = Field(min_length=1)
    figure3: Figure3Settings | None = Field(None, description="absent: no figure 3")
    report: Literal["clean", "as_published"] = Field(
        "clean", description="mode of the metrics that Markdown and LaTeX print"
    )
    clean_score_threshold: float = Field(
        0.5, ge=0, lt=1, description="detections below it do not count in clean AJI, Dice, F1"
    )

    @field_validator("seeds")
    @classmethod
    def _distinct(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) != len(seeds) or min(seeds) < 0:
            raise ValueError(f"seeds must be distinct and not negative, found {list(seeds)}")
        return seeds

    @model_validator(mode="after")
    def _names_agree(self) -> StudySettings:
        for name, table in self.tables.items():
            if name in RESERVED:
                raise ValueError(f"tables.{name}: another output has that name; choose another")
            _known(f"tables.{name}.datasets", table.datasets or (), list(self.datasets))
        for name, changes in self.methods.items():
            known = list(self.datasets)
            _known(f"methods.{name}.images_on", tuple(changes.images_on), known)
        if self.figure3:
            _known("figure3.dataset", (self.figure3.dataset,), list(self.datasets))
        return self


class Config(Strict):
    """The whole ``config.yaml``."""

    study: str = Field(description="the study in force")
    variant: str | None = Field(
        None, pattern=NAME, description="name for a study overridden on the command line"
    )
    studies: dict[Name, StudySettings] = Field(min_length=1)

    @model_validator(mode="after")
    def _study_exists(self) -> Config:
        _known("study", (self.study,), list(self.studies))
        return self


def _known(where: str, names: tuple[str, ...], known: list[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(
                f"{where}: {name!r} is not there; {nearest(name, known)}known: {', '.join(known)}"
            )


def check(content: dict[str, Any], where: str) -> Config:
    """Validate the content of a config file.

    Raises:
        ValueError: a key is unknown or a value is out of range; each problem is named.
    """
    return validated(Config, content, where)


@functools.cache
def load(path: str | Path) -> Config:
    """Read and check a config file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not YAML, or not a valid config.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: no such config file; start from the project's config.yaml"
        )
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: not YAML: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(
            f"{path}: expected a mapping with 'study' and 'studies', found {content!r}"
        )
    return check(content, str(path))
