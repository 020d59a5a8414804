"""Specifications of the tables, and parameters of the rules that make tables and figures."""

import shlex

from snakemake.exceptions import WorkflowError

from gains.config.file import studies_of_files
from gains.config.settings_file import write_settings
from gains.report.of_study import report_spec
from gains.tables.of_study import compare_spec, summary_spec, table_spec
from gains.workflow import ask
from gains.workflow.code_hash import code_hash, published_hash, templates_hash
from gains.workflow.pictured import pictured_rows

TABLE_SPECS = {name: table_spec(STUDY, name) for name in SETTINGS.tables}
REPORT_SPEC = report_spec(STUDY)
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
        "report": REPORT_SPEC,
    }.items()
}


def table_scores(wildcards):
    """Return the scores of a table; refuse a table that cannot be made."""
    if wildcards.table not in STUDY.tables:
        absent = STUDY.table_datasets(wildcards.table)
        raise WorkflowError(
            f"table {wildcards.table!r} has no data set that is on this machine. "
            f"{'. '.join(map(STUDY.absence, absent))}. docs/datasets.md says how to get it"
        )
    return TABLE_SPECS[wildcards.table].score_paths


def table_costs(wildcards):
    return TABLE_SPECS[wildcards.table].cost_paths


def table_spec_file(wildcards):
    return SPEC_FILES[wildcards.table]


def figure3_image(wildcards):
    """Return the option that names the image, if the study names one."""
    image = SETTINGS.figure3.image
    return f"--image {shlex.quote(image)}" if image else ""


def figure3_settings(wildcards):
    maps = SETTINGS.datasets[SETTINGS.figure3.dataset].maps
    return as_json(maps.model_dump(mode="json"))


# The rows that the figure of predictions shows, if the study has one.
PICTURED = pictured_rows(STUDY) if SETTINGS.predictions else []


def pictured_scores(wildcards):
    """Return the scores that choose the images, unless the study names images."""
    return [row.scores for row in PICTURED[:1] if SETTINGS.predictions.images is None]


def pictured_options(wildcards):
    """Return the options of the figure of predictions: its columns, its images and the threshold."""
    block = SETTINGS.predictions
    images = [f"--image {shlex.quote(name)}" for name in block.images or ()]
    chosen = images or [
        f"--spread {block.number} --scores {row.scores}" for row in PICTURED[:1]
    ]
    return " ".join(
        [
            *(
                f"--predictions {row.predictions} --label {shlex.quote(row.label)}"
                for row in PICTURED
            ),
            *chosen,
            f"--min-score {SETTINGS.clean_score_threshold}",
        ]
    )


def refuse_other(wildcards):
    """Refuse a table or figure that only other studies make, and give the commands for these."""
    target, given = f"results/{wildcards.other}", studies_of_files(GIVEN)
    commands = [
        ask.command(target, study, None, *(GIVEN if study in given else []))
        for study in OTHERS[wildcards.other]
    ]
    raise WorkflowError(
        f"Study {STUDY.name!r}, which is in force, does not make {target}. Run "
        f"{' or '.join(f'`{c}`' for c in commands)}. `gains papers` lists all tables."
    )
