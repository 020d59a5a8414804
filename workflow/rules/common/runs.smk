"""Inputs and parameters of the rules that train, predict and score."""

import shlex

from gains.config.settings_file import write_settings
from gains.methods import METHODS
from gains.study.starts import start_model
from gains.support.names import portable
from gains.workflow.code_hash import code_hash
from gains.workflow.training_code import training_modules


def training_inputs(wildcards):
    """Return the further inputs of a training: its maps, and the model from which it starts."""
    run = run_of(wildcards)
    further = {"maps": STUDY.maps(run), "start": start_model(STUDY, run)}
    return {name: str(path) for name, path in further.items() if path}


def training_files(wildcards):
    """Return the options that name the further inputs of a training."""
    return " ".join(
        f"--{name} {path}" for name, path in training_inputs(wildcards).items()
    )


def settings_file(run):
    """Write the settings of a training for the verb, and return the file; runs share it.

    If the training validates, these settings include how. Changed settings get another file.
    """
    settings = STUDY.run_settings(run)
    content = settings.to_json() if settings.validation else settings.training_json()
    name = f"{run.dataset}.{run.method}.{run.variant}"
    return write_settings(f"scratch/{STUDY_TAG}/settings", name, content)


# Snakemake does not compare a parameter whose function takes the output. It compares the settings
# themselves, see training_settings.
def training_options(wildcards, output):
    return str(settings_file(run_of(wildcards)))


def training_settings(wildcards):
    """Return the settings of a training, with the name or the content of the initial weights.

    The name of a fetched file holds digits of its checksum. The file itself is no input of the
    training, because all finished trainings would run again when a missing file is fetched.
    The model of another run is an input, whose settings are among those of this training.
    """
    run = run_of(wildcards)
    weights, settings = weights_of(run), STUDY.run_settings(run)
    if settings.start:
        return as_json(settings.training_json(portable))
    if weights is None or str(weights) in WEIGHTS:
        content = settings.training_json()
        return as_json(
            {**content, "initial_weights": weights.name} if weights else content
        )
    digest = OWN.digest(weights_files(run), f"{RESULTS}/runs/{run.path}/model.pt")
    place = lambda path: digest if path == str(weights) else portable(path)
    return as_json(settings.training_json(place))


def trained_model(wildcards):
    """Return the model that a run predicts with."""
    return str(STUDY.model(run_of(wildcards)))


def training_record(wildcards):
    """Return the record of the training of a run's model."""
    return str(STUDY.model(run_of(wildcards)).with_name("run.json"))


def prediction_options(wildcards):
    settings = STUDY.run_settings(run_of(wildcards)).prediction
    return as_options(settings.model_dump(mode="json", exclude_none=True))


def run_threads(wildcards):
    """Return the threads of the recipe, which results depend on, unlike the number of cores."""
    return STUDY.run_settings(run_of(wildcards)).recipe.threads


def run_code(step):
    """Return a parameter function: the hash of the code of ``step`` and of the run's method."""
    return lambda wildcards: code_hash(step, *METHODS.get(wildcards.method).modules)


def training_code(wildcards):
    """Return the hash of the code of a training."""
    settings = STUDY.run_settings(run_of(wildcards))
    return code_hash(*training_modules(settings))


def score_options(wildcards):
    return as_options(STUDY.score_options(wildcards.dataset))


def external_content(wildcards):
    """Return a digest of the files that hold another program's predictions."""
    path = EXTERNAL_PATH.format(**wildcards)
    output = f"{RESULTS}/runs/{path}/test.predictions.json.gz"
    return OWN.digest(predicted_files(wildcards), output)


def external_settings(wildcards):
    row = EXTERNAL_ROWS[wildcards.dataset, wildcards.external]
    limit = SETTINGS.datasets[wildcards.dataset].max_detections
    return as_json({"category": row.category, "max_detections": limit})


# As with `source_options`, this parameter takes the output because it holds a path.
def external_options(wildcards, output):
    row = EXTERNAL_ROWS[wildcards.dataset, wildcards.external]
    category = f" --category {shlex.quote(row.category)}" if row.category else ""
    limit = SETTINGS.datasets[wildcards.dataset].max_detections
    return f"{shlex.quote(str(row.files))}{category} --max-detections {limit}"
