"""Inputs and parameters of the rules that fetch, convert and split data and make maps."""

import shlex

from gains.config.base import switched_on
from gains.datasets.catalogue import DATASETS
from gains.datasets.convert import inputs_of, without_paths
from gains.fetch.lockfile import fetch_inputs
from gains.fetch.status import changes
from gains.workflow.code_hash import code_hash


def source_of(wildcards):
    """Return the registered data set behind a block of the config."""
    return SETTINGS.datasets[wildcards.dataset].source or wildcards.dataset


def source_receipt(wildcards):
    """Return the receipt of a fetched data set; refuse a data set without images."""
    if wildcards.dataset in STUDY.without_images:
        raise WorkflowError(
            f"{STUDY.absence(wildcards.dataset)}{not_kept(wildcards.dataset)}. "
            "docs/datasets.md says how to get it"
        )
    options = SETTINGS.datasets[wildcards.dataset].options
    found = map(str, inputs_of(source_of(wildcards), options))
    return [path for path in found if path in RECEIPTS]


def not_kept(dataset):
    """Return which runs of a data set with kept runs are not kept and need its images."""
    runs = [run for run in all_runs(STUDY) if run.dataset == dataset]
    other = [run.path for run in runs if not STUDY.is_kept(run)]
    if not other or len(other) == len(runs):
        return ""
    return f", and {len(other)} of its {len(runs)} runs are not kept, first {other[0]}"


def source_content(wildcards):
    """Return a digest of the own files that a data set reads."""
    output = f"{DATA}/coco/{wildcards.dataset}.json"
    return OWN.digest(data_files(wildcards.dataset), output)


def addresses(wildcards):
    """Return the addresses of a published data set and the checksums of its files."""
    return as_json(fetch_inputs(wildcards.raw))


def raw_changes(wildcards):
    """Return how the files of a fetched data set differ from its receipt.

    What was made from files that only a person can provide stays if they vanish.
    """
    if wildcards.raw in VANISHED:
        return []
    found = changes(wildcards.raw, digest=OWN.sha256)
    OWN.save()
    return found


def source_arguments(wildcards):
    """Return a registered data set and the categories that are kept, for `gains convert`."""
    kept = SETTINGS.datasets[wildcards.dataset].categories or ()
    return " ".join(
        [source_of(wildcards), *(f"--keep {shlex.quote(name)}" for name in kept)]
    )


def source_code(wildcards):
    modules = [
        "gains.datasets.convert",
        DATASETS.get(source_of(wildcards)).make.__module__,
    ]
    if SETTINGS.datasets[wildcards.dataset].categories:
        modules.append("gains.datasets.kept_categories")
    return code_hash(*modules)


def source_settings(wildcards):
    """Return the options of a data set without paths, since files may lie anywhere."""
    options = SETTINGS.datasets[wildcards.dataset].options
    return as_json(without_paths(source_of(wildcards), options))


# Snakemake does not compare a parameter whose function takes the output. So this one may hold paths.
def source_options(wildcards, output):
    return as_json(SETTINGS.datasets[wildcards.dataset].options)


def split_options(wildcards, output):
    return as_json(switched_on(SETTINGS.datasets[wildcards.dataset].split))


def split_code(wildcards):
    held_out = SETTINGS.datasets[wildcards.dataset].split.held_out
    return code_hash(f"gains.datasets.{'held_out' if held_out else 'make_split'}")


def split_settings(wildcards):
    split = switched_on(SETTINGS.datasets[wildcards.dataset].split)
    return as_json({name: value for name, value in split.items() if name != "file"})


def split_lists(wildcards):
    """Return a digest of the file with given lists."""
    output = f"{DATA}/splits/{wildcards.dataset}.json"
    return OWN.digest(list_files(wildcards.dataset), output)


def max_detections(wildcards):
    return SETTINGS.datasets[wildcards.dataset].max_detections


def map_options(wildcards):
    return as_options(MAP_SETTINGS[wildcards.mapkey].model_dump(mode="json"))
