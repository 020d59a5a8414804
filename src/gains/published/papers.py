"""The papers whose tables and figures are made again, each with the names that it has here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gains.support.registry import Registry


@dataclass(frozen=True)
class Paper:
    """A paper.

    Attributes:
        name: short name, as in ``published.csv``.
        title: title of the paper.
        authors: family names.
        venue: where and when it appeared.
        link: address of its text.
        prefix: start of the names of its tables and figures, e.g. ``donet_`` of ``donet_table1``;
            empty for GAInS, whose tables are ``table1`` to ``table3``.
        studies: the study with synthetic data that needs no network, and the one with the data
            and the recipe of the paper.
    """

    name: str
    title: str
    authors: str
    venue: str
    link: str
    prefix: str
    studies: tuple[str, str]


@dataclass(frozen=True)
class PublishedFigure:
    """A figure of a paper.

    Attributes:
        paper: short name of the paper.
        number: number of the figure in the paper.
        shows: what the figure shows.
    """

    paper: str
    number: str
    shows: str


PAPERS: Registry[Paper] = Registry("paper")
GAINS = PAPERS.register(
    Paper(
        name="GAInS",
        title="GAInS: Gradient Anomaly-aware Biomedical Instance Segmentation",
        authors="Liu, Jiang, Zhou, Lin, Wang, Chen",
        venue="arXiv 2024",
        link="https://arxiv.org/abs/2409.13988",
        prefix="",
        studies=("demo", "paper"),
    )
)
PAPERS.register(
    Paper(
        name="DoNet",
        title="DoNet: Deep De-overlapping Network for Cytology Instance Segmentation",
        authors="Jiang, Zhang, Zhou, Wang, Chen",
        venue="CVPR 2023",
        link="https://arxiv.org/abs/2303.14373",
        prefix="donet_",
        studies=("demo-donet", "donet"),
    )
)
PAPERS.register(
    Paper(
        name="A2B-IS",
        title="Skeleton-Guided Instance Separation for Fine-Grained Segmentation in Microscopy",
        authors="Wang, Zhou, Ming, Wei, Jiang, Qian",
        venue="arXiv 2024",
        link="https://arxiv.org/abs/2401.09895",
        prefix="a2b_",
        studies=("demo-a2b", "a2b"),
    )
)
PAPERS.register(
    Paper(
        name="Layering",
        title="Instance Segmentation of Dense and Overlapping Objects via Layering",
        authors="Chen, Wu, Merhof",
        venue="BMVC 2022",
        link="https://arxiv.org/abs/2210.03551",
        prefix="layering_",
        studies=("demo-layering", "layering"),
    )
)


def paper_named(name: str) -> Paper | None:
    """Return the paper after which a table or figure is named, or None.

    Examples:
        >>> paper_named("donet_table1").name
        'DoNet'
        >>> paper_named("table3").name
        'GAInS'
        >>> paper_named("my_table")
    """
    for paper in PAPERS:
        if paper.prefix and name.startswith(paper.prefix):
            return paper
    return GAINS if re.match(r"(table|figure)\d", name) else None
