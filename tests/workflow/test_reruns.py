"""What a finished study runs again after a change, where every step takes no time."""

from __future__ import annotations

import random
from typing import Any

from helpers.project import TABLE3, Project


def test_second_run_and_touched_files_do_nothing(twin: Project) -> None:
    assert twin.plan() == {}
    made = [p for top in ("data", "results") for p in twin.path(top).rglob("*") if p.is_file()]
    random.Random(0).shuffle(made)
    for path in made:
        path.touch()
    assert twin.plan() == {}


def test_a_setting_reruns_its_descendants(twin: Project) -> None:
    twin.edit_config(lambda s: s["variants"]["gains"]["w7"]["maps"].update(window_size=8))
    one = {"train": 1, "predict": 1, "score": 1}
    assert twin.plan() == {
        "maps": 1,
        **one,
        "table": 1,
        "summary": 1,
        "compare": 1,
        "copy_table": 1,
        "copy_compare": 1,
        "report_study": 1,
        "copy_report": 1,
    }
    assert twin.plan("--", TABLE3) == {}
    twin.call("git", "checkout", "-q", "config.yaml")
    twin.edit_config(lambda s: s["detector"].update(score_threshold=0.2, nms=0.4))
    plan = twin.plan()
    assert "train" not in plan
    assert plan["predict"] == plan["score"] == 6
    twin.call("git", "checkout", "-q", "config.yaml")
    rows = [
        {"method": "htc", "variant": "published-threshold", "label": "at 0.001"},
        {"method": "htc", "label": "at 0.05"},
    ]
    twin.edit_config(lambda s: s["tables"]["table2"]["rows"].extend(rows))
    plan = twin.plan()
    assert (plan["train"], plan["predict"], plan["score"]) == (1, 2, 2)
    twin.call("git", "checkout", "-q", "config.yaml")
    twin.edit_config(lambda s: s.update(clean_score_threshold=0.4))
    plan = twin.plan()
    assert plan["score"] == 6 and "train" not in plan and "predict" not in plan
    twin.call("git", "checkout", "-q", "config.yaml")
    twin.edit_config(lambda s: s.update(mem_mb=1234))
    assert twin.plan() == {}
    twin.call("git", "checkout", "-q", "config.yaml")
    twin.edit_config(lambda s: s["tables"]["table2"].update(title="another"))
    one = {"table": 1, "compare": 1, "copy_table": 1, "copy_compare": 1}
    one |= {"report_study": 1, "copy_report": 1}
    assert twin.plan() == one
    for path in twin.path("results/demo/tables").iterdir():
        path.touch()  # as if they had been fetched after the change
    assert twin.plan() == one
    twin.call("git", "checkout", "-q", "config.yaml")
    assert twin.plan() == {}


def test_code_reruns_what_runs_it(twin: Project) -> None:
    source = twin.path("src/gains")

    def plan_after(line: str, *names: str) -> dict[str, int]:
        for name in names:
            path = source / name
            path.write_text(path.read_text() + line)
        plan = twin.plan()
        twin.call("git", "checkout", "-q", "src")
        return plan

    everywhere = [str(p.relative_to(source)) for p in source.rglob("*.py")]
    assert plan_after("\n# a comment\n", *everywhere) == {}
    plan = plan_after("\nEDITED = 1\n", "methods/mask_rcnn.py")
    assert (plan["train"], plan["predict"], plan["score"]) == (1, 1, 1)
    assert "maps" not in plan and plan["figure"] == 1  # figure 4 shows its predictions
    plan = plan_after("\nEDITED = 1\n", "methods/gains/__init__.py")
    assert (plan["train"], plan["predict"], plan["score"]) == (5, 5, 5)
    assert plan_after("\nEDITED = 1\n", "figures/figure3.py") == {
        "figure": 1,
        "copy_figure": 1,
    }
    plan = plan_after("\nEDITED = 1\n", "tables/write.py")
    assert plan["table"] == 3 and not {"train", "predict", "score"} & plan.keys()
    plan = plan_after("\nEDITED = 1\n", "scoring/score.py")
    assert plan["score"] == 6 and not {"train", "predict"} & plan.keys()
    assert plan_after("\nEDITED = 1\n", "methods/__init__.py", "cli/reports.py") == {}


def test_only_weights_that_are_picked_depend_on_metrics_and_prediction(twin: Project) -> None:
    best = {"picked": {"recipe": {"select": "best"}}}
    row = {"method": "mask_rcnn", "variant": "picked", "label": "picked"}

    def pick(study: dict[str, Any]) -> None:
        study["variants"]["mask_rcnn"].update(best)
        study["tables"]["table2"]["rows"].append(row)
        study["methods"]["gains"] = {"recipe": {"validate_every": 50}}

    twin.edit_config(pick)
    twin.snakemake("-q")
    assert twin.plan() == {}
    for name in ("metrics/coco.py", "prediction/image_predictor.py", "validation/validation.py"):
        path = twin.path("src/gains") / name
        path.write_text(path.read_text() + "\nEDITED = 1\n")
        assert twin.plan().get("train") == 1, name
        twin.call("git", "checkout", "-q", "src")
    twin.edit_config(lambda s: s["recipe"].update(validation_metric="AP50"))
    assert twin.plan()["train"] == 1


def test_failed_rerun_never_passes_for_done(twin: Project) -> None:
    old = twin.path(TABLE3).read_text()
    twin.edit_config(lambda study: study["recipe"].update(lr=0.5))
    failing = "synthetic-cells/mask_rcnn/default"
    twin.snakemake("--quiet", "all", "--", TABLE3, ok=False, STUB_FAIL=failing)
    plan = twin.plan("--", TABLE3)
    assert (plan["train"], plan["table"]) == (1, 1)
    twin.snakemake("--quiet", "all", "--", TABLE3)
    assert twin.plan("--", TABLE3) == {}
    assert twin.path(TABLE3).read_text() != old


def test_deleted_and_edited_files_heal(twin: Project) -> None:
    twin.path(TABLE3).unlink()
    assert twin.plan("--", TABLE3) == {"copy_table": 1}
    twin.call("dvc", "checkout", "-q")
    assert twin.plan() == {}
    first, *others = twin.path("scratch/demo/specs").glob("*.json")
    first.write_text("{}")
    for file in others:
        file.unlink()
    assert twin.plan() == {}
