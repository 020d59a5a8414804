"""Pipelines of DVC: three stages for a study, each of which asks Snakemake for one phase.

DVC stores and transfers what the stages make; Snakemake decides what has to run. All outputs have
``persist: true``, because DVC would otherwise delete them before a stage, and everything would run.
Fetched data in ``data/raw`` are no outputs: their authors may not allow others to distribute them.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from gains.config.file import FOLDER
from gains.datasets.convert import inputs_of
from gains.study.study import Study
from gains.support.files import write_text
from gains.workflow.targets import REPORT, fetched_data, figure_files, table_files

AT_THE_TOP = "demo"
"""Study whose pipeline is ``dvc.yaml`` itself, which also records the copies in ``results/``."""
CODE = ["Snakefile", "workflow/rules", "profiles/default", "src"]
"""What every stage depends on."""
HEAD = """\
# Written by `gains record {name}`; type this again after a change of the study's data sets, maps,
# tables or figures. DVC records and transfers the results; Snakemake decides what has to run. DVC
# would delete outputs without `persist: true` before a stage, and all trainings would run again.
"""


def write_pipeline(study: Study) -> str:
    """Write the pipeline of a study for DVC, and return sentences that say what to do next."""
    file = pipeline_file(study)
    text = yaml.safe_dump(
        pipeline(study), sort_keys=False, default_flow_style=None, width=100, allow_unicode=True
    )
    write_text(file, HEAD.format(name=study.name) + text)
    return _next_steps(study, file)


def pipeline_file(study: Study) -> Path:
    """Return the path of a study's pipeline."""
    return Path("dvc.yaml" if study.tag == AT_THE_TOP else f"workflow/dvc/{study.tag}/dvc.yaml")


def pipeline(study: Study) -> dict[str, Any]:
    """Return the content of a study's pipeline, with no output that the study does not make."""
    at_the_top = study.tag == AT_THE_TOP
    data = [f"{study.data}/coco", f"{study.data}/splits"]
    maps = [f"{study.data}/maps"] if any(map(study.maps, study.trainings())) else []
    runs, figures = [f"{study.results}/runs"], figure_files(study)
    folders = ["audit", "tables", "figures"] if figures else ["audit", "tables"]
    tables = [f"{study.results}/{name}" for name in (*folders, REPORT, "provenance.json")]
    if at_the_top:
        # two stages cannot share an output, so only one study records the copies
        copies = [*table_files(study), *figures, REPORT, "provenance.json"]
        tables += [f"results/{name}" for name in copies]
    stages = {
        "data": _stage(study, "all_data", _given(study), data + maps),
        "runs": _stage(study, "all_runs", data + maps, runs),
        "tables": _stage(study, "all" if at_the_top else "all_tables", data + runs, tables),
    }
    up = PurePosixPath("." if at_the_top else "../../..")
    return {
        "stages": {name: {"wdir": str(up), **stages[name]} for name in stages},
        "metrics": [f"{up / study.results}/tables/summary.json"],
        "plots": [f"{up / study.results}/figures/{name}.png" for name in study.figures],
    }


def _stage(study: Study, target: str, deps: list[str], outs: list[str]) -> dict[str, Any]:
    chosen = f"study={study.name}" + (f" label={study.label}" if study.label else "")
    return {
        "cmd": f"snakemake --cores all --quiet rules --config {chosen} -- {target}",
        "deps": [*CODE, *deps],
        "params": [_settings(study.name)],
        "outs": [{out: {"persist": True}} for out in outs],
    }


def _settings(name: str) -> dict[str, list[str]]:
    """Return the file that holds a study, and the key of its block.

    DVC takes a dot in a key for a step into a block, so it cannot find a name with a dot.
    """
    file = f"{FOLDER}/{name}.yaml"
    if Path(file).is_file():
        return {file: ["studies"]}
    return {"config.yaml": ["studies" if "." in name else f"studies.{name}"]}


def _given(study: Study) -> list[str]:
    """Return the files of the repository from which the data of a study are made."""
    blocks = study.settings.datasets.values()
    lists = {PurePosixPath(block.split.file) for block in blocks if block.split.file}
    folder = PurePosixPath("data/splits")
    return [
        *(["data/sources.csv"] if fetched_data(study.settings) else []),
        *sorted(str(file) for file in lists if file.parent == folder),
    ]


def _next_steps(study: Study, file: Path) -> str:
    folder = file.parent
    repro, record = f"dvc repro {file}", f"git add {folder}"
    if folder == Path():
        repro, record = "dvc repro", f"git add {file} dvc.lock"
    lines = [f"{file} records the study {study.tag}. Type next:", f"  {repro}", f"  {record}"]
    blocks = study.settings.datasets.items()
    if read := [name for name, b in blocks if inputs_of(b.source or name, b.options)]:
        lines.append(
            f"`dvc push` then also sends the images of {', '.join(read)}, in {study.data}/coco: "
            "use a storage that may hold them"
        )
    return "\n".join(lines)
