"""From data to tables and figures; `snakemake --cores 8 results/table3.csv` makes one table.

All settings are in config.yaml and studies/. The rules are in workflow/rules, a file per phase, and what
they share in workflow/rules/common, a file per duty.
"""

from snakemake.utils import min_version

min_version("9.27")


configfile: "config.yaml"


include: "workflow/rules/common/study.smk"
include: "workflow/rules/common/own_files.smk"
include: "workflow/rules/common/data.smk"
include: "workflow/rules/common/runs.smk"
include: "workflow/rules/common/tables.smk"
include: "workflow/rules/common/targets.smk"
include: "workflow/rules/handlers.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/anomaly.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"


# These targets list every output of every rule. If a rule gains an output that no target requests,
# Snakemake stops checking that rule's other rerun triggers. Only receipts of fetched data are not
# listed: the rule `convert` requests them, and a clone with pulled results need not fetch anything.
rule all_data:
    """Data sets, splits and anomaly maps of the study in force, and its initial weights."""
    input:
        DATA_FILES,
        WEIGHTS,


rule all_runs:
    """Every training of the study, with its predictions and scores."""
    input:
        RUN_FILES,


rule all_tables:
    """Tables, figures and report of the study, in its own folder."""
    input:
        TABLE_FILES,


rule all:
    """All of the study, and the copies of its tables, figures and report in results/."""
    default_target: True
    input:
        DATA_FILES,
        RUN_FILES,
        TABLE_FILES,
        COPIES,
