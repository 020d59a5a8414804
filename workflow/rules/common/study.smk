"""The study in force, its paths and names, and what the parameter functions of all rules share."""

import json
import os
import re
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

SRC = os.path.join(workflow.basedir, "src")
sys.path.insert(0, SRC)

from gains.datasets.convert import receipt
from gains.external.origin import KEY as EXTERNAL
from gains.fetch.sources import fetched_name
from gains.running.check import quick_problems
from gains.study.checks import require_tables
from gains.study.external import external_rows, external_runs
from gains.study.kept import all_runs, kept_notes, require_kept
from gains.study.runs import Run
from gains.study.opening import config_of, from_config
from gains.study.opening import made_by_others, not_in_force
from gains.workflow import events
from gains.workflow.targets import fetched_data

# First of all, so that `gains run` learns of every error.
if workflow.is_main_process:
    events.attach(logger)

# All jobs, also those on a node of a cluster, use this interpreter and the package in this clone.
for name, first in (("PATH", os.path.dirname(sys.executable)), ("PYTHONPATH", SRC)):
    rest = [p for p in os.environ.get(name, "").split(os.pathsep) if p and p != first]
    os.environ[name] = os.pathsep.join([first, *rest])

# Config files of the command line. They decide which study is in force, unless --config names one.
GIVEN = [str(file) for file in workflow.overwrite_configfiles]
CONFIG = config_of(
    config,
    os.path.join(workflow.basedir, "config.yaml"),
    [] if "study" in workflow.config_settings.config else GIVEN,
)
STUDY = from_config(CONFIG)
SETTINGS = STUDY.settings
# Files with tables and figures that only other studies make, with these studies.
OTHERS = made_by_others(CONFIG)
# Name of the study with its label, if it has one: the name of its folders.
STUDY_TAG = STUDY.tag
# Folder of the converted data, the splits and the anomaly maps.
DATA = STUDY.data
# Folder of the runs, tables and figures.
RESULTS = STUDY.results
# Optional data sets whose files are not on this machine have no jobs. Nor have kept runs, whose files
# must be those of the study.
try:
    require_tables(STUDY)
    if workflow.is_main_process:
        require_kept(STUDY)
except (FileNotFoundError, ValueError) as error:
    raise WorkflowError(str(error))
PRESENT = [name for name in SETTINGS.datasets if name not in STUDY.without_images]
if workflow.is_main_process:
    for sentence in not_in_force(GIVEN, STUDY.name):
        logger.warning(sentence)
    for sentence in quick_problems(STUDY, [Path(file) for file in GIVEN]):
        logger.warning(sentence)
    for name in STUDY.absent:
        logger.warning(
            f"{STUDY.absence(name)}. Nothing is made from it, and its cells of tables are empty."
        )
    for sentence in kept_notes(STUDY):
        logger.warning(sentence)
# Every run of the study, without repetitions.
RUNS = list(STUDY.runs())
# The rows with predictions of other programs, by data set and name, and their runs.
EXTERNAL_ROWS = {(row.dataset, row.name): row for row in external_rows(SETTINGS)}
EXTERNAL_RUNS = external_runs(STUDY)
# Runs whose files are kept in the repository: nothing makes them.
KEPT = [run for run in all_runs(STUDY) if STUDY.is_kept(run)]
# The runs that are trained. The other runs use their models and differ only in prediction.
TRAININGS = [run for run in STUDY.trainings() if not STUDY.is_kept(run)]
# Path of a run below RESULTS/runs, with wildcards. Logs and scratch use the same path.
RUN_PATH = "{dataset}/{method}/{variant}/seed{seed}/fold{fold}"
# The same path for predictions of another program, which have no seed.
EXTERNAL_PATH = f"{{dataset}}/{EXTERNAL}/{{external}}/seed0/fold{{fold}}"
# Map parameters of the runs that read maps. MAP_SETTINGS holds them by their key in file names.
RUN_MAPS = {
    run: settings for run in TRAININGS if (settings := STUDY.run_settings(run).maps)
}
MAP_SETTINGS = {settings.key: settings for settings in RUN_MAPS.values()}
# Folders below data/raw of the published data sets of the study, by data set.
FETCHED = fetched_data(SETTINGS)
RECEIPTS = [str(receipt(raw)) for raw in sorted(set(FETCHED.values()))]
# Those with missing files that no fetch can give. What was made from such files before stays.
VANISHED = {FETCHED[name] for name in STUDY.missing if name in FETCHED}
if workflow.is_main_process:
    for name, path in STUDY.missing.items():
        if name in FETCHED and name not in STUDY.without_images:
            logger.warning(
                f"{path} does not exist. {STUDY.coco(name)} was made from it before and is used as it is"
            )


def weights_of(run):
    """Return the file of initial weights that a run reads, or None."""
    return STUDY.run_settings(run).initial_weights


# Files of initial weights that are fetched, with their names in data/sources.csv.
WEIGHTS = {
    str(file): name
    for file in dict.fromkeys(weights_of(run) for run in TRAININGS)
    if file and (name := fetched_name(file))
}


def one_of(names):
    """Return a regular expression that matches these names and no other."""
    return "|".join(re.escape(name) for name in sorted(set(names))) or "(?!)"


# A regular expression of the paths of kept runs, which no rule that makes runs may match.
KEPT_PATHS = one_of(run.path for run in KEPT)


wildcard_constraints:
    dataset=f"(?!(?:{KEPT_PATHS})/)(?:{one_of(SETTINGS.datasets)})",
    method=one_of(run.method for run in (*RUNS, *TRAININGS)),
    variant=one_of(run.variant for run in (*RUNS, *TRAININGS)),
    seed=one_of(str(run.seed) for run in (*RUNS, *TRAININGS)),
    fold=one_of(str(run.fold) for run in (*RUNS, *TRAININGS, *EXTERNAL_RUNS)),
    external=one_of(run.variant for run in EXTERNAL_RUNS),
    mapkey=one_of(MAP_SETTINGS),
    table=one_of(SETTINGS.tables),
    validated=one_of(SETTINGS.validation_tables),
    other=one_of(OTHERS),
    figure=one_of(SETTINGS.figures),
    raw=one_of([*FETCHED.values(), *WEIGHTS.values()]),
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
