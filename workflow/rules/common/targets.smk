"""Every file that the study makes, by phase."""

TRAINING_OUTPUTS = ("model.pt", "losses.csv", "run.json")
RUN_OUTPUTS = (
    "test.predictions.json.gz",
    "test.predictions.images.json",
    "test.scores.json",
)
SCORES = [f"{RESULTS}/runs/{run.path}/test.scores.json" for run in RUNS]
RUN_FILES = [
    f"{RESULTS}/runs/{run.path}/{name}"
    for runs, names in ((TRAININGS, TRAINING_OUTPUTS), (RUNS, RUN_OUTPUTS))
    for run in runs
    for name in names
]
DATA_FILES = [
    *[path for path in RECEIPTS if path not in {str(receipt(raw)) for raw in VANISHED}],
    *expand(
        f"{DATA}/coco/{{dataset}}.{{kind}}",
        dataset=PRESENT,
        kind=("json", "zip"),
    ),
    *expand(f"{DATA}/splits/{{dataset}}.json", dataset=PRESENT),
    *sorted({str(STUDY.maps(run)) for run in RUN_MAPS}),
]
TABLES = expand("{table}.{kind}", table=STUDY.tables, kind=("csv", "md", "tex"))
FIGURES = expand("{figure}.{kind}", figure=STUDY.figures, kind=("pdf", "png"))
COMPARED = ["compare.csv", "compare.md"]
TABLE_FILES = [
    *expand(f"{RESULTS}/audit/{{dataset}}.json", dataset=PRESENT),
    *[
        f"{RESULTS}/tables/{name}"
        for name in (*TABLES, *COMPARED, "data_audit.csv", "summary.json")
    ],
    *[f"{RESULTS}/figures/{name}" for name in FIGURES],
]
COPIES = [
    f"results/{name}" for name in (*TABLES, *COMPARED, "data_audit.csv", *FIGURES)
]
