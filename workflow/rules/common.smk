"""The study in force, its paths, and the input and parameter functions that rules share."""

import json
import os
import re
import shlex
import sys
from pathlib import Path

SRC = os.path.join(workflow.basedir, "src")
sys.path.insert(0, SRC)

from gains.config.settings_file import write_settings
from gains.datasets.catalogue import DATASETS
from gains.datasets.convert import inputs_of, receipt
from gains.fetch.lockfile import fetch_inputs
from gains.fetch.sources import fetched_name
from gains.fetch.status import changes
from gains.methods import METHODS
from gains.study.runs import Run
from gains.study.opening import resolve
from gains.tables.of_study import compare_spec, summary_spec, table_spec
from gains.workflow.code_hash import code_hash

# All jobs, also those on a node of a cluster, use this interpreter and the package in this clone.
for name, first in (("PATH", os.path.dirname(sys.executable)), ("PYTHONPATH", SRC)):
    rest = [p for p in os.environ.get(name, "").split(os.pathsep) if p and p != first]
    os.environ[name] = os.pathsep.join([first, *rest])

STUDY = resolve(config, os.path.join(workflow.basedir, "config.yaml"))
SETTINGS = STUDY.settings
# Name of the study with its label, if it has one: the name of its folders.
STUDY_TAG = STUDY.tag
# Folder of the converted data, the splits and the anomaly maps.
DATA = STUDY.data
# Folder of the runs, tables and figures.
RESULTS = STUDY.results
# Every run of the study, without repetitions.
RUNS = list(STUDY.runs())
# The runs that are trained. The other runs use their models and differ only in prediction.
TRAININGS = list(STUDY.trainings())
# Path of a run below RESULTS/runs, with wildcards. Logs and scratch use the same path.
RUN_PATH = "{dataset}/{method}/{variant}/seed{seed}/fold{fold}"
# Map parameters of the runs that read maps. MAP_SETTINGS holds them by their key in file names.
RUN_MAPS = {
    run: settings for run in TRAININGS if (settings := STUDY.run_settings(run).maps)
}
MAP_SETTINGS = {settings.key: settings for settings in RUN_MAPS.values()}
# Names of the published data sets of the study, which are folders below data/raw.
FETCHED = sorted(
    {
        record.raw
        for name, block in SETTINGS.datasets.items()
        if (record := DATASETS.get(block.source or name)).raw
        and inputs_of(record.name, block.options) == [receipt(record.raw)]
    }
)
RECEIPTS = [str(receipt(raw)) for raw in FETCHED]


def weights_of(run):
    """Return the file of initial weights that a run reads, or None."""
    settings = STUDY.run_settings(run)
    return settings.record.weights(settings.model)


# Files of initial weights that are fetched, with their names in data/sources.csv.
WEIGHTS = {
    str(file): name
    for file in dict.fromkeys(weights_of(run) for run in TRAININGS)
    if file and (name := fetched_name(file))
}


def one_of(names):
    """Return a regular expression that matches these names and no other."""
    return "|".join(re.escape(name) for name in sorted(set(names))) or "(?!)"


wildcard_constraints:
    dataset=one_of(SETTINGS.datasets),
    method=one_of(run.method for run in RUNS),
    variant=one_of(run.variant for run in (*RUNS, *TRAININGS)),
    seed=one_of(str(run.seed) for run in RUNS),
    fold=one_of(str(run.fold) for run in RUNS),
    mapkey=one_of(MAP_SETTINGS),
    table=one_of(SETTINGS.tables),
    raw=one_of([*FETCHED, *WEIGHTS.values()]),
    weights=one_of(os.path.relpath(f, receipt(n).parent) for f, n in WEIGHTS.items()),


def as_json(settings):
    """Return settings as one string.

    Snakemake compares the parameters of a rule as a set, so it would not notice that two of them
    swapped their values.
    """
    return json.dumps(settings, sort_keys=True)


def as_options(settings):
    """Return settings as one string of command-line options."""
    return " ".join(
        f"--{name.replace('_', '-')} {value}" for name, value in settings.items()
    )


def run_of(wildcards):
    """Return the run that the wildcards of a rule name."""
    w = wildcards
    return Run(w.dataset, w.method, w.variant, int(w.seed), int(w.fold))


def files_below(path):
    """Return a file, or the files in a folder, as inputs.

    The list is empty if the path does not exist: the step that reads it reports the missing file
    more clearly than Snakemake would.
    """
    if path.is_dir():
        return sorted(str(p) for p in path.rglob("*") if p.is_file())
    return [str(path)] if path.is_file() else []


# data


def source_of(wildcards):
    """Return the registered data set behind a block of the config."""
    return SETTINGS.datasets[wildcards.dataset].source or wildcards.dataset


def source_files(wildcards):
    """Return the files that a data set reads: the receipt of a fetched data set, or own files."""
    options = SETTINGS.datasets[wildcards.dataset].options
    found = []
    for path in inputs_of(source_of(wildcards), options):
        found += [str(path)] if str(path) in RECEIPTS else files_below(path)
    return found


def addresses(wildcards):
    """Return the addresses of a published data set and the checksums of its files."""
    return as_json(fetch_inputs(wildcards.raw))


def source_code(wildcards):
    return code_hash(
        "gains.datasets.convert", DATASETS.get(source_of(wildcards)).make.__module__
    )


def source_options(wildcards):
    return as_json(SETTINGS.datasets[wildcards.dataset].options)


def split_lists(wildcards):
    """Return the file with given lists, if the data set has one."""
    file = SETTINGS.datasets[wildcards.dataset].split.file
    return files_below(Path(file)) if file else []


def split_settings(wildcards):
    return as_json(SETTINGS.datasets[wildcards.dataset].split.model_dump(mode="json"))


def max_detections(wildcards):
    return SETTINGS.datasets[wildcards.dataset].max_detections


def map_options(wildcards):
    return as_options(MAP_SETTINGS[wildcards.mapkey].model_dump(mode="json"))


# runs


def training_inputs(wildcards):
    """Return the further inputs of a training: maps, and initial weights of the person's own."""
    run = run_of(wildcards)
    weights = weights_of(run)
    files = {
        "maps": STUDY.maps(run),
        "weights": None if str(weights) in WEIGHTS else weights,
    }
    return {role: str(file) for role, file in files.items() if file}


def training_maps(wildcards):
    maps = STUDY.maps(run_of(wildcards))
    return f"--maps {maps}" if maps else ""


def training_settings(wildcards):
    """Return the settings of a training, with the name of a fetched file of initial weights.

    The name holds digits of the file's checksum. The file itself is no input of the training,
    because all finished trainings would run again when a missing file is fetched.
    """
    run = run_of(wildcards)
    content, weights = STUDY.run_settings(run).training_json(), weights_of(run)
    if str(weights) in WEIGHTS:
        content["initial_weights"] = weights.name
    return as_json(content)


def trained_model(wildcards):
    """Return the model that a run predicts with."""
    return str(STUDY.model(run_of(wildcards)))


def prediction_options(wildcards):
    settings = STUDY.run_settings(run_of(wildcards)).prediction
    return as_options(settings.model_dump(mode="json", exclude_none=True))


def run_threads(wildcards):
    """Return the threads of the recipe, which results depend on, unlike the number of cores."""
    return STUDY.run_settings(run_of(wildcards)).recipe.threads


def run_code(step):
    """Return a parameter function: the hash of the code of ``step`` and of the run's method."""
    return lambda wildcards: code_hash(
        step, METHODS.get(wildcards.method).build.__module__
    )


def score_options(wildcards):
    return as_options(STUDY.score_options(wildcards.dataset))


# tables


TABLE_SPECS = {name: table_spec(STUDY, name) for name in SETTINGS.tables}
# The specification of a table grows with the study, but Linux limits the command of a rule to
# 128 KiB, so it goes into a file. The name of that file has a hash of the content: a changed
# specification is another input, which Snakemake notices whatever the dates of the files. The
# files are written here, since Snakemake lists folders only once while it builds the graph.
SPEC_FILES = {
    name: str(write_settings(f"scratch/{STUDY_TAG}/specs", name, spec))
    for name, spec in {
        **TABLE_SPECS,
        "compare": compare_spec(STUDY),
        "summary": summary_spec(STUDY),
    }.items()
}


def table_scores(wildcards):
    return TABLE_SPECS[wildcards.table].score_paths


def table_spec_file(wildcards):
    return SPEC_FILES[wildcards.table]


def figure3_image():
    """Return the option that names the image, if the study names one."""
    image = SETTINGS.figure3.image
    return f"--image {shlex.quote(image)}" if image else ""


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
    *RECEIPTS,
    *expand(
        f"{DATA}/coco/{{dataset}}.{{kind}}",
        dataset=SETTINGS.datasets,
        kind=("json", "zip"),
    ),
    *expand(f"{DATA}/splits/{{dataset}}.json", dataset=SETTINGS.datasets),
    *sorted({str(STUDY.maps(run)) for run in RUN_MAPS}),
]
TABLES = expand("{table}.{kind}", table=SETTINGS.tables, kind=("csv", "md", "tex"))
FIGURES = ["figure3.pdf", "figure3.png"] if SETTINGS.figure3 else []
COMPARED = ["compare.csv", "compare.md"]
TABLE_FILES = [
    *expand(f"{RESULTS}/audit/{{dataset}}.json", dataset=SETTINGS.datasets),
    *[
        f"{RESULTS}/tables/{name}"
        for name in (*TABLES, *COMPARED, "data_audit.csv", "summary.json")
    ],
    *[f"{RESULTS}/figures/{name}" for name in FIGURES],
]
COPIES = [
    f"results/{name}" for name in (*TABLES, *COMPARED, "data_audit.csv", *FIGURES)
]
