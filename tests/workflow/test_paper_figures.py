"""All figures of papers, through all real steps of a tiny study."""

from __future__ import annotations

import pytest
import yaml

from helpers.project import Project

OVERLAY = ("--configfile", "tests/studies/tiny.yaml")
FIGURES: dict[str, dict[str, object]] = {
    "figure1": {},
    "figure4": {},
    "donet_figure1": {"dataset": "synthetic-cells"},
    "donet_figure3": {"dataset": "synthetic-cells"},
    "donet_figure4": {"number": 2},
    "donet_figure5": {"rows": ["donet/mrp"]},
    "donet_figure6": {"dataset": "synthetic-cells"},
    "layering_figure3": {"dataset": "synthetic-cells"},
    "layering_figure4": {"rows": ["layering/default"]},
    "layering_figure5": {"dataset": "synthetic-cells", "layer": 8, "number": 1},
}
TARGETS = [f"results/{name}.png" for name in FIGURES]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The study with a short training of DoNet with MRP, and its figures."""
    project = Project.copy(tmp_path_factory.mktemp("figures") / "project", stub=False)
    file = project.path("tests/studies/tiny.yaml")
    content = yaml.safe_load(file.read_text())
    study = content["studies"]["tiny"]
    study |= {"seeds": [0], "methods": {}, "clean_score_threshold": 0.06, **FIGURES}
    study["recipe"] |= {"iterations": 2, "milestones": [], "warmup_iterations": 1}
    rows = [{"method": "donet", "variant": "mrp"}, {"method": "layering"}]
    study["tables"] = {"mine": {"title": "Mine", "rows": rows}}
    file.write_text(yaml.safe_dump(content))
    project.snakemake("--cores", "2", *OVERLAY, "--", *TARGETS)
    return project


def test_every_figure_is_a_picture_and_a_second_run_does_nothing(drawn: Project) -> None:
    for name in FIGURES:
        assert drawn.path(f"results/{name}.png").read_bytes().startswith(b"\x89PNG")
        assert drawn.path(f"results/tiny/figures/{name}.pdf").read_bytes().startswith(b"%PDF")
    assert drawn.plan(*OVERLAY, "--", *TARGETS) == {}


def test_only_the_figures_of_a_model_depend_on_what_looks_inside_it(drawn: Project) -> None:
    path = drawn.path("src/gains/figures/papers/donet.py")
    path.write_text(path.read_text() + "\nEDITED = 1\n")
    assert drawn.plan(*OVERLAY, "--", *TARGETS) == {"figure": 2, "copy_figure": 2}
