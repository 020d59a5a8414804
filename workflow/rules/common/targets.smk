"""Every file that the study makes, by phase, and files that no rule can make."""

from gains.workflow.targets import REPORT, figure_files, table_files

TRAINING_OUTPUTS = ("model.pt", "losses.csv", "validation.csv", "run.json")
RUN_OUTPUTS = (
    "test.predictions.json.gz",
    "test.predictions.images.json",
    "test.scores.json",
)
SCORED_RUNS = [*RUNS, *EXTERNAL_RUNS]
SCORES = [f"{STUDY.run_folder(run)}/test.scores.json" for run in SCORED_RUNS]
RUN_FILES = [
    f"{RESULTS}/runs/{run.path}/{name}"
    for runs, names in ((TRAININGS, TRAINING_OUTPUTS), (SCORED_RUNS, RUN_OUTPUTS))
    for run in runs
    if not STUDY.is_kept(run)
    for name in names
] + sorted({path for spec in TABLE_SPECS.values() for path in spec.cost_paths})
DATA_FILES = [
    *expand(
        f"{DATA}/coco/{{dataset}}.{{kind}}",
        dataset=PRESENT,
        kind=("json", "zip"),
    ),
    *expand(f"{DATA}/splits/{{dataset}}.json", dataset=PRESENT),
    *sorted({str(STUDY.maps(run)) for run in RUN_MAPS}),
]
TABLES = table_files(STUDY)
FIGURES = figure_files(STUDY)
# A report shows images.
REPORTS = [REPORT] if PRESENT else []
TABLE_FILES = [
    *expand(f"{RESULTS}/audit/{{dataset}}.json", dataset=PRESENT),
    *[f"{RESULTS}/tables/{name}" for name in (*TABLES, "summary.json")],
    *[f"{RESULTS}/figures/{name}" for name in FIGURES],
    *[f"{RESULTS}/{name}" for name in REPORTS],
]
COPIES = [f"results/{name}" for name in (*TABLES, *FIGURES, *REPORTS)]
# Files of kept runs that do not exist, in the results or among the kept files, with their runs.
GONE = {
    path: run
    for run in KEPT
    for folder in (f"{RESULTS}/runs/{run.path}", str(STUDY.run_folder(run)))
    for name in (*TRAINING_OUTPUTS, *RUN_OUTPUTS, "cost.json")
    if not Path(path := f"{folder}/{name}").exists()
}


def refuse_gone(wildcards):
    """Refuse to make a file of a kept run, which would be trained again for it."""
    folder = STUDY.run_folder(GONE[wildcards.gone])
    file = folder / Path(wildcards.gone).name
    raise WorkflowError(
        f"{wildcards.gone} is not made, because the run is kept in {folder}, "
        f"{'with' if file.exists() else 'without'} this file. Remove that folder, so that the run "
        "is trained again"
    )


def audits(wildcards):
    """Return the audits of the data sets whose images are here; refuse if there are none."""
    if not PRESENT:
        raise WorkflowError(
            f"{'. '.join(map(STUDY.absence, STUDY.without_images))}. An audit and a report need "
            "images; docs/datasets.md says how to get them"
        )
    return expand(f"{RESULTS}/audit/{{dataset}}.json", dataset=PRESENT)
