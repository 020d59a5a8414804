"""From data to tables and figures; `snakemake --cores 8 results/table3.csv` makes one table.

Everything that may be set is in config.yaml; the steps are in workflow/rules, a phase per file.
"""

from snakemake.utils import min_version

min_version("9.27")


configfile: "config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/anomaly.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"


# Every output of every rule is asked for here: one that no target names would, when it is added
# to a rule later, switch off that rule's other reasons to rerun.
rule all_data:
    """Data sets, splits and anomaly maps of the study in force."""
    input:
        DATA_FILES,


rule all_runs:
    """Every training of the study, with its predictions and scores."""
    input:
        RUN_FILES,


rule all_tables:
    """Tables and figures of the study, in its own folder."""
    input:
        TABLE_FILES,


rule all:
    """All of the study, and the copies at the top of results/."""
    default_target: True
    input:
        DATA_FILES,
        RUN_FILES,
        TABLE_FILES,
        COPIES,
