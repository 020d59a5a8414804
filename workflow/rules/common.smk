"""What all rules share: the study in force, its paths, limits, provenance. No rules here."""

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
from gains.datasets.convert import check_options, inputs_of, receipt
from gains.fetch.lockfile import fetch_inputs
from gains.fetch.status import changes
from gains.methods import METHODS
from gains.study.runs import Run
from gains.study.study import resolve
from gains.tables.of_study import compare_spec, summary_spec, table_spec
from gains.workflow import snakemake_records as provenance
from gains.workflow.code_hash import of as code

# Jobs, here or on a cluster's node, use this interpreter and this checkout's package.
for name, first in (("PATH", os.path.dirname(sys.executable)), ("PYTHONPATH", SRC)):
    rest = [p for p in os.environ.get(name, "").split(os.pathsep) if p and p != first]
    os.environ[name] = os.pathsep.join([first, *rest])

STUDY = resolve(config, os.path.join(workflow.basedir, "config.yaml"))
TAG = STUDY.tag
DATA = STUDY.data
RES = STUDY.results
SETTINGS = STUDY.settings
RUNS = list(STUDY.runs())
# A run's folder below results/<study>/runs; the same name serves logs and scratch.
RUN = "{dataset}/{method}/{variant}/seed{seed}/fold{fold}"
MAPS = {run: settings for run in RUNS if (settings := STUDY.run_settings(run).maps)}
# Published data sets of the study, by their folder below data/raw.
RAW = sorted(
    {
        record.raw
        for name, block in SETTINGS.datasets.items()
        if (record := DATASETS.get(block.source or name)).raw
        and inputs_of(record.name, block.options) == [receipt(record.raw)]
    }
)
RECEIPTS = [str(receipt(raw)) for raw in RAW]
MAP_SETTINGS = {settings.key: settings for settings in MAPS.values()}


def one_of(names):
    """Return a regular expression that matches these names and no other."""
    return "|".join(re.escape(name) for name in sorted(set(names))) or "(?!)"


wildcard_constraints:
    dataset=one_of(SETTINGS.datasets),
    method=one_of(run.method for run in RUNS),
    variant=one_of(run.variant for run in RUNS),
    seed=one_of(str(run.seed) for run in RUNS),
    fold=one_of(str(run.fold) for run in RUNS),
    mapkey=one_of(MAP_SETTINGS),
    table=one_of(SETTINGS.tables),
    raw=one_of(RAW),


# Accelerators: one job at a time, however many --cores; raise it with `--resources gpu=N`.
# Memory: this machine's, unless --resources mem_mb=N says otherwise. A cluster's scheduler counts
# its own; "local" keeps these limits from holding back submission.
MEMORY_MB = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
workflow.global_resources.setdefault("gpu", 1)
workflow.global_resources.setdefault("mem_mb", MEMORY_MB)


resource_scopes:
    gpu="local",
    mem_mb="local",


def as_json(settings):
    """Return settings as one string: Snakemake compares parameters as a set, so swapped values
    of two parameters would go unnoticed."""
    return json.dumps(settings, sort_keys=True)


def as_options(settings):
    """Return settings as one string of command-line options."""
    return " ".join(
        f"--{name.replace('_', '-')} {value}" for name, value in settings.items()
    )


def run_of(wildcards):
    """Return the run that a rule's wildcards name."""
    w = wildcards
    return Run(w.dataset, w.method, w.variant, int(w.seed), int(w.fold))


def files_below(path):
    """Return a file, or the files in a folder, as inputs. What is not there is none: the step
    that reads it says so better than Snakemake."""
    if path.is_dir():
        return sorted(str(p) for p in path.rglob("*") if p.is_file())
    return [str(path)] if path.is_file() else []


# data


def source_of(wildcards):
    """Return the registered data set behind a block of the config."""
    return SETTINGS.datasets[wildcards.dataset].source or wildcards.dataset


def source_files(wildcards):
    """Return the files that a data set reads: the receipt of a fetched one, or a person's own."""
    options = SETTINGS.datasets[wildcards.dataset].options
    found = []
    for path in inputs_of(source_of(wildcards), options):
        found += [str(path)] if str(path) in RECEIPTS else files_below(path)
    return found


def addresses(wildcards):
    """Return where a published data set is fetched from, and the checksums it must have."""
    return as_json(fetch_inputs(wildcards.raw))


def source_code(wildcards):
    return code(
        "gains.datasets.convert", DATASETS.get(source_of(wildcards)).make.__module__
    )


def source_options(wildcards):
    return as_json(SETTINGS.datasets[wildcards.dataset].options)


def split_lists(wildcards):
    """Return the file of given lists, where a data set has one."""
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
    """Return what some trainings read: maps, and a file of initial weights."""
    run = run_of(wildcards)
    settings = STUDY.run_settings(run)
    files = {
        "maps": STUDY.maps(run),
        "weights": settings.record.weights(settings.model),
    }
    return {role: str(file) for role, file in files.items() if file}


def training_maps(wildcards):
    maps = STUDY.maps(run_of(wildcards))
    return f"--maps {maps}" if maps else ""


def run_settings(wildcards):
    return as_json(STUDY.run_settings(run_of(wildcards)).to_json())


def run_threads(wildcards):
    """Return the threads of the recipe: they are part of the result, the cores are not."""
    return STUDY.run_settings(run_of(wildcards)).recipe.threads


def run_code(step):
    """Return the input function for the code of ``step`` with the run's method."""
    return lambda wildcards: code(step, METHODS.get(wildcards.method).build.__module__)


def score_options(wildcards):
    return as_options(STUDY.score_options(wildcards.dataset))


# tables


TABLE_SPECS = {name: table_spec(STUDY, name) for name in SETTINGS.tables}
# The specification of a table grows with the study, but Linux limits the command of a rule to
# 128 KiB, so it goes into a file. The name of that file has a hash of the content: a changed
# specification is another input, which Snakemake notices whatever the dates of the files. The
# files are written here, since Snakemake lists folders only once while it builds the graph.
SPEC_FILES = {
    name: str(write_settings(f"scratch/{TAG}/specs", name, spec))
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
    """Return the option that names the image, where the study does."""
    image = SETTINGS.figure3.image
    return f"--image {shlex.quote(image)}" if image else ""


RUN_OUTPUTS = (
    "model.pt",
    "losses.csv",
    "run.json",
    "test.predictions.json.gz",
    "test.predictions.images.json",
    "test.scores.json",
)
SCORES = [f"{RES}/runs/{run.path}/test.scores.json" for run in RUNS]
RUN_FILES = [f"{RES}/runs/{run.path}/{name}" for run in RUNS for name in RUN_OUTPUTS]
DATA_FILES = [
    *RECEIPTS,
    *expand(
        f"{DATA}/coco/{{dataset}}.{{kind}}",
        dataset=SETTINGS.datasets,
        kind=("json", "zip"),
    ),
    *expand(f"{DATA}/splits/{{dataset}}.json", dataset=SETTINGS.datasets),
    *sorted({str(STUDY.maps(run)) for run in MAPS}),
]
TABLES = expand("{table}.{kind}", table=SETTINGS.tables, kind=("csv", "md", "tex"))
FIGURES = ["figure3.pdf", "figure3.png"] if SETTINGS.figure3 else []
COMPARED = ["compare.csv", "compare.md"]
TABLE_FILES = [
    *expand(f"{RES}/audit/{{dataset}}.json", dataset=SETTINGS.datasets),
    *[
        f"{RES}/tables/{name}"
        for name in (*TABLES, *COMPARED, "data_audit.csv", "summary.json")
    ],
    *[f"{RES}/figures/{name}" for name in FIGURES],
]
COPIES = [
    f"results/{name}" for name in (*TABLES, *COMPARED, "data_audit.csv", *FIGURES)
]


# After a fresh clone and `dvc pull` there is no .snakemake/metadata: give Snakemake back what it
# knew, for every file whose content is the recorded one.
def keep_provenance(complete):
    provenance.export(f"{RES}/provenance.json", [DATA, RES, *RECEIPTS], complete)
    provenance.export("results/provenance.json", COPIES, complete)


if workflow.is_main_process:
    provenance.restore(f"{RES}/provenance.json", "results/provenance.json")


# To keep to its default limit of 100 jobs per second, Snakemake looks at its queue again a second
# after every look, for as long as jobs wait: each finished job adds such a chain, and together they
# eat a fifth of a core before the demo ends. Any other limit stays.
onstart:
    limiter = getattr(workflow.scheduler, "job_rate_limiter", None)
    default = limiter and (limiter.max_jobs, limiter.timespan) == (100, 1)
    if workflow.local_exec and default:
        workflow.scheduler.job_rate_limiter = None


onsuccess:
    keep_provenance(complete=True)


onerror:
    keep_provenance(complete=False)
