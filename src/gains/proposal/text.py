"""The study file: YAML in which each value that follows from the data has its reason beside it."""

from __future__ import annotations

import hashlib
import math
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gains.config.base import Changes
from gains.proposal.facts import Facts, sizes_in_words
from gains.proposal.values import (
    Value,
    anchor_sizes,
    detector_numbers,
    image_sizes,
    map_values,
    target_of,
)
from gains.proposal.weights import InitialWeights

WIDTH = 100
SEAL = "# Unchanged since `gains init` wrote it: "
"""Start of the last line, with a hash of the others: a file with another hash was edited."""
RANDOM_FACTOR = 3
"""Number of times that a training from random weights sees each image more often."""


@dataclass(frozen=True)
class Draft:
    """A study to write.

    Attributes:
        name: name of the study and of its data set.
        options: options of the data set `folder`, with absolute paths.
        facts: what the data hold.
        weights: the initial weights.
        gpu: whether the trainings run on a GPU.
        threads: CPU threads of a training.
        folds: number of folds; 1 for one random division.
        methods: names of the methods.
        iterations: number of training steps.
        mem_mb: memory of a job in MB.
        budget: sentences on the time.
    """

    name: str
    options: Changes
    facts: Facts
    weights: InitialWeights
    gpu: bool
    threads: int
    folds: int
    methods: tuple[str, ...]
    iterations: int
    mem_mb: int
    budget: tuple[str, ...] = ()

    @property
    def batch_size(self) -> int:
        """Number of images in a batch."""
        return 4 if self.gpu else 2

    @property
    def train_images(self) -> int:
        """Number of images that a training learns from, about."""
        test = 1 / self.folds if self.folds > 1 else 0.2
        others = self.facts.labelled * (1 - test)
        return max(1, round(others * (RATIO[0] / (RATIO[0] + RATIO[1]))))

    @property
    def times_seen(self) -> float:
        """Number of times that a training sees each image."""
        return self.iterations * self.batch_size / self.train_images


RATIO = (0.7, 0.1, 0.2)
"""Shares of train, val and test. No training is validated, so val is small."""


def study_text(draft: Draft) -> str:
    """Return the content of the study file."""
    body = "\n".join(
        [
            *_note(0, _head(draft)),
            "studies:",
            f"  {draft.name}:",
            f"    title: {_quoted(draft.name)}",
            "    seeds: [0]",
            *_note(
                4,
                "With seeds [0, 1, 2] the table shows mean and spread, in three times the time.",
            ),
            *_note(4, *draft.budget),
            *_note(
                4,
                "`gains init` with more --hours writes longer trainings, more folds or methods.",
                "On a machine with a GPU, run `gains init` there: sizes and models differ.",
            ),
            f"    gpu: {int(draft.gpu)}",
            *_note(
                4,
                "The memory of one training in MB, as measured, and a fifth more: only so many run "
                "at the same time as fit into the memory of the machine.",
            ),
            f"    mem_mb: {draft.mem_mb}",
            *_datasets(draft),
            *_detector(draft),
            *_recipe(draft),
            *_tables(draft),
        ]
    )
    return sealed(body + "\n")


def sealed(body: str) -> str:
    """Return a text with a last line that holds its hash."""
    return f"{body}{SEAL}{_digest(body)}\n"


def is_unchanged(path: Path) -> bool:
    """Return whether a file is still as `gains init` wrote it."""
    body, seal, digest = path.read_text(encoding="utf-8", errors="replace").rpartition(SEAL)
    return bool(seal) and digest.strip() == _digest(body)


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:16]


def _head(draft: Draft) -> str:
    facts = draft.facts
    return (
        f"A study of {facts.images} images ({sizes_in_words(facts)}; labels: "
        f"{facts.imported.format.name}), written by `gains init`. `gains run` makes its tables. "
        "Any value may be changed; docs/config.md explains every key."
    )


def _datasets(draft: Draft) -> list[str]:
    target = target_of(draft.facts)
    maps = map_values(draft.facts, target.value)
    most = detector_numbers(draft.facts, draft.gpu)["max_detections"]
    options = [f"          {key}: {_quoted(value)}" for key, value in draft.options.items()]
    if draft.folds > 1:
        why = (
            f"{draft.facts.labelled} images with objects are few, so each of {draft.folds} folds "
            "tests another part of the images, and each image is tested once"
        )
    elif draft.facts.labelled < 100:
        why = "one division, because more folds do not fit the time; the test part is small"
    else:
        why = "one random division"
    return [
        "    datasets:",
        f"      {draft.name}:",
        "        source: folder",
        "        options:",
        *options,
        *_note(
            8,
            f"target_category: {target.reason}.",
            f"program: {maps['program'].reason}.",
            f"window_size: {maps['window_size'].reason}.",
        ),
        "        maps:",
        f"          program: {maps['program'].value}",
        f"          target_category: {target.value}",
        *(f"          {k}: {maps[k].value}" for k in ("window_size", "f_ga", "overlap_highlight")),
        *_note(8, f"{why}. No training is validated, so the part val is small."),
        f"        split: {{ratio: {list(RATIO)}, folds: {draft.folds}, seed: 0}}",
        *_value(8, "max_detections", most),
    ]


def _detector(draft: Draft) -> list[str]:
    side = image_sizes(draft.facts, draft.gpu)["test_size"].value
    found = detector_numbers(draft.facts, draft.gpu)
    backbone = {**draft.weights.backbone}
    narrow = [] if draft.gpu else ["      box_dim: 512", "      mask_channels: 128"]
    if not draft.gpu:
        backbone["fpn_channels"] = 128
    proposals = found["proposals"].value
    return [
        "    detector:",
        *_note(6, draft.weights.reason),
        f"      backbone: {_flow(backbone)}",
        *_value(6, "anchor_sizes", anchor_sizes(draft.facts, side)),
        *_note(6, f"{_sentence(found['proposals'].reason)}"),
        f"      rpn_pre_nms_train: {2 * proposals}",
        f"      rpn_pre_nms_test: {proposals}",
        f"      rpn_post_nms_train: {proposals}",
        f"      rpn_post_nms_test: {proposals}",
        *_value(6, "rois_per_image", found["rois"]),
        *([] if draft.gpu else _note(6, "Heads of half the usual width, for a CPU.")),
        *narrow,
    ]


def _recipe(draft: Draft) -> list[str]:
    sizes, steps = image_sizes(draft.facts, draft.gpu), draft.iterations
    start = (
        ["      optimiser: adamw", "      lr: 0.0005", "      weight_decay: 0.01"]
        if draft.weights.random
        else ["      optimiser: sgd", f"      lr: {0.005 * draft.batch_size}"]
    )
    return [
        "    recipe:",
        f"      device: {'auto' if draft.gpu else 'cpu'}",
        f"      threads: {draft.threads}",
        *_note(
            6,
            f"A training sees each of its {draft.train_images} images about "
            f"{draft.times_seen:.0f} times.",
        ),
        f"      iterations: {steps}",
        f"      batch_size: {draft.batch_size}",
        *_note(
            6, "The learning rate rises in the first third at most, and drops twice near the end."
        ),
        *start,
        "      clip_norm: 10",
        f"      warmup_iterations: {min(500, steps // 3)}",
        f"      milestones: {sorted({max(1, round(0.75 * steps)), max(1, round(0.9 * steps))})}",
        *_note(6, f"{_sentence(sizes['train_sizes'].reason)}"),
        f"      train_sizes: {sizes['train_sizes'].value}",
        f"      test_size: {sizes['test_size'].value}",
        *_value(6, "max_size", sizes["max_size"]),
        *_note(6, "Objects below a microscope have no upper side."),
        "      vertical_flip: 0.5",
        "      checkpoint_every: 50",
    ]


def _tables(draft: Draft) -> list[str]:
    return [
        *_note(
            4,
            "To compare a further method, add a row with its name, such as {method: htc}; `gains "
            "methods` lists the names. CondInst and FastInst need recipes of their "
            "own: studies/real-images.yaml.",
        ),
        "    tables:",
        "      comparison:",
        f"        title: {_quoted(f'Comparison of methods on {draft.name}')}",
        "        metrics: [mAP, AP50, AP75, AJI, Dice, F1]",
        "        rows:",
        *(f"          - {{method: {method}}}" for method in draft.methods),
        f"    figure3: {{dataset: {draft.name}}}",
        *_note(
            4,
            "A picture of test images with the predictions of all methods. With `images: [a.png]` "
            "it shows images of your choice.",
        ),
        "    predictions: {number: 4}",
    ]


def _value(indent: int, key: str, value: Value) -> list[str]:
    return [*_note(indent, _sentence(value.reason)), f"{' ' * indent}{key}: {_flow(value.value)}"]


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _note(indent: int, *sentences: str) -> list[str]:
    start = f"{' ' * indent}# "
    return [
        line
        for sentence in map(_printable, sentences)
        for line in textwrap.wrap(
            sentence, WIDTH, initial_indent=start, subsequent_indent=start, break_on_hyphens=False
        )
    ]


def _printable(text: str) -> str:
    """Return a text without line separators and control characters, which would end a comment."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _quoted(value: Any) -> str:
    """Return a value as YAML reads it on one line, whatever its texts hold."""
    style = '"' if isinstance(value, str) else None
    text = yaml.safe_dump(
        value, default_style=style, default_flow_style=True, width=math.inf, allow_unicode=True
    )
    return text.removesuffix("...\n").strip()


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{k}: {_flow(v)}' for k, v in value.items())}}}"
    return _quoted(value) if isinstance(value, str) else str(value)
