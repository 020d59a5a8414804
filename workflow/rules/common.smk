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
from gains.datasets.convert import inputs_of, own_files, receipt, without_paths
from gains.datasets.readers.coco_folder import image_names
from gains.fetch.lockfile import fetch_inputs
from gains.fetch.sources import fetched_name
from gains.fetch.status import changes
from gains.methods import METHODS
from gains.study.runs import Run
from gains.study.opening import resolve
from gains.support.files import require_file
from gains.tables.of_study import compare_spec, summary_spec, table_spec
from gains.workflow.code_hash import code_hash, published_hash
from gains.workflow.own_files import OwnFiles, first_missing

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


# Snakemake formats these texts, so that braces in the path of the project must be doubled.
def escaped(path):
    """Return a path for Snakemake to format, with braces that are part of the path."""
    return path.replace("{", "{{").replace("}", "}}")


ENVIRONMENT = escaped(os.path.join(workflow.basedir, "environment.yml"))


# own files


OWN = OwnFiles()


def data_files(dataset):
    """Return a function that lists a person's own files which the data set reads."""
    block = SETTINGS.datasets[dataset]
    names = lambda path: OWN.names(path, image_names)
    return lambda: own_files(block.source or dataset, block.options, names)


def list_files(dataset):
    """Return a function that lists the file with given lists, if the data set has one."""
    file = SETTINGS.datasets[dataset].split.file
    return lambda: {"lists": require_file(file)} if file else {}


def weights_files(run):
    """Return a function that lists the file of initial weights, if it is a person's own."""
    file = weights_of(run)
    own = file and str(file) not in WEIGHTS
    return lambda: {"weights": require_file(file)} if own else {}


def missing_own_files(jobs):
    """Return a sentence for each data set, list or file of weights of these jobs that is missing."""
    files = {
        "convert": lambda w: data_files(w.dataset),
        "split": lambda w: list_files(w.dataset),
        "train": lambda w: weights_files(run_of(w)),
    }
    found = (
        first_missing(files[job.rule.name](job.wildcards))
        for job in jobs
        if job.rule.name in files
    )
    return [sentence for sentence in dict.fromkeys(found) if sentence]


# data


def source_of(wildcards):
    """Return the registered data set behind a block of the config."""
    return SETTINGS.datasets[wildcards.dataset].source or wildcards.dataset


def source_receipt(wildcards):
    """Return the receipt of a fetched data set."""
    options = SETTINGS.datasets[wildcards.dataset].options
    found = map(str, inputs_of(source_of(wildcards), options))
    return [path for path in found if path in RECEIPTS]


def source_content(wildcards):
    """Return a digest of the own files that a data set reads."""
    output = f"{DATA}/coco/{wildcards.dataset}.json"
    return OWN.digest(data_files(wildcards.dataset), output)


def addresses(wildcards):
    """Return the addresses of a published data set and the checksums of its files."""
    return as_json(fetch_inputs(wildcards.raw))


def raw_changes(wildcards):
    """Return how the files of a fetched data set differ from its receipt."""
    found = changes(wildcards.raw, digest=OWN.sha256)
    OWN.save()
    return found


def source_code(wildcards):
    return code_hash(
        "gains.datasets.convert", DATASETS.get(source_of(wildcards)).make.__module__
    )


def source_settings(wildcards):
    """Return the options of a data set without paths, since files may lie anywhere."""
    options = SETTINGS.datasets[wildcards.dataset].options
    return as_json(without_paths(source_of(wildcards), options))


# Snakemake does not compare a parameter whose function takes the output. So this one may hold paths.
def source_options(wildcards, output):
    return as_json(SETTINGS.datasets[wildcards.dataset].options)


def split_options(wildcards, output):
    return as_json(SETTINGS.datasets[wildcards.dataset].split.model_dump(mode="json"))


def split_settings(wildcards):
    split = SETTINGS.datasets[wildcards.dataset].split
    return as_json(split.model_dump(mode="json", exclude={"file"}))


def split_lists(wildcards):
    """Return a digest of the file with given lists."""
    output = f"{DATA}/splits/{wildcards.dataset}.json"
    return OWN.digest(list_files(wildcards.dataset), output)


def max_detections(wildcards):
    return SETTINGS.datasets[wildcards.dataset].max_detections


def map_options(wildcards):
    return as_options(MAP_SETTINGS[wildcards.mapkey].model_dump(mode="json"))


# runs


def training_inputs(wildcards):
    """Return the further input of a training: its maps."""
    maps = STUDY.maps(run_of(wildcards))
    return {"maps": str(maps)} if maps else {}


def training_maps(wildcards):
    maps = STUDY.maps(run_of(wildcards))
    return f"--maps {maps}" if maps else ""


def training_options(wildcards, output):
    return as_json(STUDY.run_settings(run_of(wildcards)).training_json())


def training_settings(wildcards):
    """Return the settings of a training, with the name or the content of the initial weights.

    The name of a fetched file holds digits of its checksum. The file itself is no input of the
    training, because all finished trainings would run again when a missing file is fetched.
    """
    run = run_of(wildcards)
    weights = weights_of(run)
    if weights is None or str(weights) in WEIGHTS:
        content = STUDY.run_settings(run).training_json()
        return as_json(
            {**content, "initial_weights": weights.name} if weights else content
        )
    digest = OWN.digest(weights_files(run), f"{RESULTS}/runs/{run.path}/model.pt")
    place = lambda path: digest if path == str(weights) else path
    return as_json(STUDY.run_settings(run).training_json(place))


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


def figure3_image(wildcards):
    """Return the option that names the image, if the study names one."""
    image = SETTINGS.figure3.image
    return f"--image {shlex.quote(image)}" if image else ""


def figure3_settings(wildcards):
    maps = SETTINGS.datasets[SETTINGS.figure3.dataset].maps
    return as_json(maps.model_dump(mode="json"))


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
