"""The laws of CONTRIBUTING.md: allowed imports, and things that are added in one place."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gains.config.file import check
from gains.config.settings_file import read_settings, write_settings
from gains.datasets.coco import read_coco
from gains.datasets.split_file import read_split
from gains.detection.settings import TwoStageSettings
from gains.methods import METHODS
from gains.methods import mask_rcnn as mask_rcnn_module
from gains.methods.base import Method
from gains.prediction.predict import predict_split
from gains.prediction.predictor import Predictor
from gains.scoring.score import score_files
from gains.study.opening import from_config
from gains.support.files import write_json
from gains.tables.of_study import table_spec
from gains.tables.specs import TableSpec
from gains.tables.write import write_table
from gains.training.job import Job
from gains.training.train import train
from gains.workflow.code_hash import closure
from helpers.paths import ROOT
from helpers.tiny import DETECTOR, RECIPE, make_tiny

TORCH_FREE = [
    "gains.cli.main",
    "gains.config.study",
    "gains.study.study",
    "gains.methods",
    "gains.datasets.catalogue",
    "gains.datasets.convert",
    "gains.anomaly.build",
    "gains.metrics",
    "gains.scoring.score",
    "gains.certainty.judge",
    "gains.tables.rescore",
    "gains.tables.write",
    "gains.tables.compare",
    "gains.figures",
    "gains.report.write",
    "gains.export.job",
    "gains.workflow.snakemake_records",
]


def test_what_needs_no_torch_does_not_import_it() -> None:
    code = f"import sys, {', '.join(TORCH_FREE)}; sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == 0


# What these verbs import inside themselves, and what the workflow imports.
PANDAS_FREE = {
    "gains --help": "import gains.cli.main; gains.cli.main.app(['--help'], standalone_mode=False)",
    "gains score": "import gains.cli.score, gains.datasets.split_file, gains.scoring.score",
    "gains maps": "import gains.cli.maps, gains.anomaly.build",
    "Snakefile": "\n".join(
        line
        for file in sorted((ROOT / "workflow/rules").rglob("*.smk"))
        for line in file.read_text().splitlines()
        if line.startswith("from gains")
    ),
}


@pytest.mark.parametrize("what", PANDAS_FREE)
def test_only_the_verbs_that_make_tables_import_pandas(what: str) -> None:
    """It takes 0.7 s to import."""
    code = f"{PANDAS_FREE[what]}\nimport sys; assert 'gains' in sys.modules; "
    code += "sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_steps_that_read_coco_files_do_not_load_the_catalogue_of_data_sets() -> None:
    """The catalogue has a dozen modules with settings, more than all other imports of scoring."""
    code = (
        "import sys, gains.scoring.score, gains.anomaly.build; "
        "sys.exit('gains.datasets.catalogue' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


FORBIDDEN = [
    (
        "gains.training.train",
        ("gains.scoring", "gains.metrics", "gains.tables", "gains.prediction", "gains.validation"),
    ),
    ("gains.validation", ("gains.tables", "gains.training", "gains.study", "gains.anomaly.build")),
    (
        "gains.prediction.predict",
        ("gains.scoring", "gains.metrics", "gains.tables", "gains.training"),
    ),
    (
        "gains.scoring.score",
        ("gains.tables", "gains.training", "gains.detection", "gains.prediction.predict"),
    ),
    ("gains.anomaly.build", ("gains.detection", "gains.training", "gains.scoring")),
    ("gains.detection.two_stage", ("gains.training", "gains.methods", "gains.anomaly")),
    ("gains.pixelwise.model", ("gains.detection", "gains.training", "gains.methods")),
    ("gains.methods.layering.model", ("gains.detection", "gains.training")),
    ("gains.methods.unet2.model", ("gains.detection", "gains.training")),
    ("gains.methods.unet3.model", ("gains.detection", "gains.training")),
    ("gains.training.train", ("gains.figures", "gains.study", "gains.clusters")),
    ("gains.clusters.scenes", ("gains.training", "gains.figures", "gains.study")),
    ("gains.certainty.judge", ("gains.tables", "gains.study", "gains.training", "gains.config")),
    ("gains.tables", ("gains.figures", "gains.training", "gains.detection")),
]


@pytest.mark.parametrize(("module", "forbidden"), FORBIDDEN)
def test_data_flows_one_way(module: str, forbidden: tuple[str, ...]) -> None:
    assert [m for m in closure(module) if m.startswith(forbidden)] == []


def test_only_the_command_line_imports_the_validation() -> None:
    others = [path for path in (ROOT / "src/gains").iterdir() if path.is_dir()]
    rooms = [p.name for p in others if p.name not in ("cli", "validation", "__pycache__")]
    assert [
        str(file)
        for room in rooms
        for file in (ROOT / "src/gains" / room).rglob("*.py")
        if re.search(r"(from|import) gains\.validation", file.read_text())
    ] == []


def test_predictions_do_not_depend_on_how_initial_weights_are_loaded() -> None:
    loading = {"gains.methods.initial_weights", "gains.models.pretrained"}
    for method in METHODS:
        module = method.build.__module__
        assert loading <= set(closure("gains.training.train", module))
        assert not loading & set(closure("gains.prediction.predict", module)), method.name


def test_editing_how_maps_are_made_retrains_nothing_by_itself() -> None:
    assert "gains.anomaly.maps" not in closure("gains.training.train", "gains.methods.mask_rcnn")


def test_a_method_is_added_in_one_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record and a row in the study: training, prediction, score and table follow."""

    class Settings(TwoStageSettings):
        """One more switch than its base."""

        loud: bool = False

    record = Method("dummy", "Dummy R-CNN", "Nobody 2026", Settings, mask_rcnn_module.build)
    with METHODS.with_record(record):
        _study_of_the_dummy(tmp_path, monkeypatch)


def _study_of_the_dummy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study_block: dict[str, Any] = {
        "title": "a study with the dummy",
        "datasets": {"tiny": {"source": "synthetic-cells"}},
        "detector": DETECTOR,
        "recipe": {**RECIPE, "iterations": 2},
        "variants": {"dummy": {"loud": {"method": {"loud": True}}}},
        "tables": {"table3": {"title": "t", "rows": [{"method": "dummy", "variant": "loud"}]}},
    }
    study = from_config(check({"study": "s", "studies": {"s": study_block}}, "test"))
    (run,) = study.runs()
    monkeypatch.chdir(tmp_path)
    tiny, folder = make_tiny(tmp_path), study.run_folder(run)
    settings = study.run_settings(run)
    assert settings.to_json()["method"]["loud"] is True
    assert settings.maps is None
    model = folder / "model.pt"
    train(Job(settings, tiny.coco, tiny.split, None, 0, 0, model, tmp_path / "scratch"))
    out = folder / "test.predictions.json.gz"
    predict_split(Predictor(model), tiny.coco, tiny.split, "test", 0, out)
    names = [
        r.file_name for r in read_coco(tiny.coco).by_name(read_split(tiny.split).names("test"))
    ]
    write_json(folder / "test.scores.json", score_files(tiny.coco, out, file_names=names))
    spec = write_settings(tmp_path, "table3", table_spec(study, "table3"))
    write_table(read_settings(TableSpec, spec), tmp_path / "table3.csv")
    assert "Dummy R-CNN (R18)" in (tmp_path / "table3.csv").read_text()
