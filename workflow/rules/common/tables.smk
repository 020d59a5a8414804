"""Specifications of the tables, and parameters of the rules that make tables and figures."""

import functools

from snakemake.exceptions import WorkflowError

from gains.config.file import studies_of_files
from gains.config.settings_file import write_settings
from gains.report.of_study import report_spec
from gains.tables.of_study import compare_spec, summary_spec, table_spec
from gains.tables.validation.of_study import validation_spec
from gains.workflow import ask
from gains.workflow.code_hash import code_hash, published_hash, templates_hash
from gains.workflow.figure_jobs import figure_job

TABLE_SPECS = {name: table_spec(STUDY, name) for name in SETTINGS.tables}
VALIDATION_SPECS = {
    name: validation_spec(STUDY, name) for name in SETTINGS.validation_tables
}
REPORT_SPEC = report_spec(STUDY)
# The specification of a table grows with the study, but Linux limits the command of a rule to
# 128 KiB, so it goes into a file. The name of that file has a hash of the content: a changed
# specification is another input, which Snakemake notices whatever the dates of the files. The
# files are written here, since Snakemake lists folders only once while it builds the graph.
SPEC_FILES = {
    name: str(write_settings(f"scratch/{STUDY_TAG}/specs", name, spec))
    for name, spec in {
        **TABLE_SPECS,
        **VALIDATION_SPECS,
        "compare": compare_spec(STUDY),
        "summary": summary_spec(STUDY),
        "report": REPORT_SPEC,
    }.items()
}


def table_scores(wildcards):
    """Return the scores of a table; refuse a table that cannot be made."""
    refuse_absent(wildcards.table)
    return TABLE_SPECS[wildcards.table].score_paths


def validations(wildcards):
    """Return the validations of a table of them; refuse a table that cannot be made."""
    refuse_absent(wildcards.validated)
    return VALIDATION_SPECS[wildcards.validated].paths


def refuse_absent(table):
    """Refuse a table of which all data sets are absent."""
    if table not in (*STUDY.tables, *STUDY.validation_tables):
        absent = STUDY.table_datasets(table)
        raise WorkflowError(
            f"table {table!r} has no data set that is on this machine. "
            f"{'. '.join(map(STUDY.absence, absent))}. docs/datasets.md says how to get it"
        )


def table_costs(wildcards):
    return TABLE_SPECS[wildcards.table].cost_paths


def table_spec_file(wildcards):
    return SPEC_FILES[wildcards.table]


def validation_spec_file(wildcards):
    return SPEC_FILES[wildcards.validated]


@functools.cache
def drawing(figure):
    """Return the job of a figure."""
    return figure_job(STUDY, figure)


def figure_inputs(wildcards):
    return drawing(wildcards.figure).inputs


def figure_options(wildcards):
    return drawing(wildcards.figure).options


def figure_threads(wildcards):
    """Return the threads of a model's recipe, which results depend on, or 1 without a model."""
    model = drawing(wildcards.figure).model
    return STUDY.run_settings(model).recipe.threads if model else 1


def figure_memory(wildcards):
    return SETTINGS.mem_mb if drawing(wildcards.figure).model else 1000


def figure_gpu(wildcards):
    return SETTINGS.gpu if drawing(wildcards.figure).model else 0


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
