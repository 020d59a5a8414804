"""A person's own files, whose content decides what runs again."""

from gains.datasets.convert import own_files
from gains.datasets.readers.coco_folder import image_names
from gains.external.files import external_files
from gains.support.files import require_file
from gains.workflow.own_files import OwnFiles, first_missing

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


def predicted_files(wildcards):
    """Return a function that lists the files of another program's predictions."""
    row = EXTERNAL_ROWS[wildcards.dataset, wildcards.external]
    return lambda: external_files(row.files)


def weights_files(run):
    """Return a function that lists the file of initial weights, if it is a person's own."""
    file = weights_of(run)
    own = file and str(file) not in WEIGHTS
    return lambda: {"weights": require_file(file)} if own else {}


def missing_inputs(dataset):
    """Return a function that gives the missing file of an optional data set, or None."""
    path = STUDY.missing.get(dataset)
    return path and (lambda: {"missing": path})


def missing_own_files(jobs):
    """Return a sentence for each data set, list or file of weights of these jobs that is missing."""
    files = {
        "convert": lambda w: missing_inputs(w.dataset) or data_files(w.dataset),
        "split": lambda w: list_files(w.dataset),
        "external": predicted_files,
        "train": lambda w: weights_files(run_of(w)),
    }
    found = (
        first_missing(files[job.rule.name](job.wildcards))
        for job in jobs
        if job.rule.name in files
    )
    return [sentence for sentence in dict.fromkeys(found) if sentence]
