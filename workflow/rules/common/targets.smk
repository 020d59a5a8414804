"""Every file that the study makes, by phase."""

from gains.workflow.targets import REPORT, figure_files, table_files

TRAINING_OUTPUTS = ("model.pt", "losses.csv", "validation.csv", "run.json")
RUN_OUTPUTS = (
    "test.predictions.json.gz",
    "test.predictions.images.json",
    "test.scores.json",
)
SCORED_RUNS = [*RUNS, *EXTERNAL_RUNS]
SCORES = [f"{RESULTS}/runs/{run.path}/test.scores.json" for run in SCORED_RUNS]
RUN_FILES = [
    f"{RESULTS}/runs/{run.path}/{name}"
    for runs, names in ((TRAININGS, TRAINING_OUTPUTS), (SCORED_RUNS, RUN_OUTPUTS))
    for run in runs
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
TABLE_FILES = [
    *expand(f"{RESULTS}/audit/{{dataset}}.json", dataset=PRESENT),
    *[f"{RESULTS}/tables/{name}" for name in (*TABLES, "summary.json")],
    *[f"{RESULTS}/figures/{name}" for name in FIGURES],
    f"{RESULTS}/{REPORT}",
]
COPIES = [f"results/{name}" for name in (*TABLES, *FIGURES, REPORT)]
