"""Tables of the study in its own folder, and the copies that people ask for by name."""


rule table:
    """Gather scores into a table: mean, standard deviation and number of seeds per cell."""
    input:
        scores=table_scores,
        spec=table_spec_file,
    output:
        csv=report(
            f"{RESULTS}/tables/{{table}}.csv",
            caption="../report/table.rst",
            category="Tables",
        ),
        markdown=f"{RESULTS}/tables/{{table}}.md",
        latex=f"{RESULTS}/tables/{{table}}.tex",
    log:
        f"logs/{STUDY_TAG}/table/{{table}}.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/table/{{table}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        code=code_hash("gains.tables.write"),
    shell:
        "gains table --spec {input.spec} --out {output.csv} > {log} 2>&1"


rule compare:
    """Put the published value beside each cell of the tables."""
    input:
        tables=expand(f"{RESULTS}/tables/{{table}}.csv", table=SETTINGS.tables),
        published="src/gains/published/published.csv",
        spec=SPEC_FILES["compare"],
    output:
        csv=report(
            f"{RESULTS}/tables/compare.csv",
            caption="../report/compare.rst",
            category="Tables",
        ),
        markdown=f"{RESULTS}/tables/compare.md",
    log:
        f"logs/{STUDY_TAG}/compare.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/compare.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        code=code_hash("gains.tables.compare"),
    shell:
        "gains compare --spec {input.spec} --tables {input.tables} --out {output.csv}"
        " > {log} 2>&1"


rule audit_table:
    """Gather the audits of all data sets into one table."""
    input:
        expand(f"{RESULTS}/audit/{{dataset}}.json", dataset=SETTINGS.datasets),
    output:
        report(
            f"{RESULTS}/tables/data_audit.csv",
            caption="../report/audit.rst",
            category="Data",
        ),
    log:
        f"logs/{STUDY_TAG}/audit_table.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/audit_table.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        code=code_hash("gains.datasets.audit"),
    shell:
        "gains audit-table {input} --out {output} > {log} 2>&1"


rule summary:
    """Gather the main scores of all runs into one small file, for `dvc metrics`."""
    input:
        scores=SCORES,
        spec=SPEC_FILES["summary"],
    output:
        f"{RESULTS}/tables/summary.json",
    log:
        f"logs/{STUDY_TAG}/summary.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/summary.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        code=code_hash("gains.tables.summary"),
    shell:
        "gains summary --spec {input.spec} --out {output} > {log} 2>&1"


# results/<name> is a copy of what the study in force made; the file itself names the study.
rule copy_table:
    """Copy a table to the place where people ask for it."""
    input:
        csv=f"{RESULTS}/tables/{{table}}.csv",
        markdown=f"{RESULTS}/tables/{{table}}.md",
        latex=f"{RESULTS}/tables/{{table}}.tex",
    output:
        csv="results/{table}.csv",
        markdown="results/{table}.md",
        latex="results/{table}.tex",
    log:
        f"logs/{STUDY_TAG}/copy/{{table}}.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/copy/{{table}}.tsv"
    localrule: True
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=200,
    params:
        study=STUDY_TAG,
        code=code_hash("gains.workflow.copies"),
    shell:
        "gains copy --study {params.study} {input.csv} {output.csv}"
        " {input.markdown} {output.markdown} {input.latex} {output.latex} > {log} 2>&1"


rule copy_compare:
    """Copy the comparison with the published values to where people ask for it."""
    input:
        csv=f"{RESULTS}/tables/compare.csv",
        markdown=f"{RESULTS}/tables/compare.md",
    output:
        csv="results/compare.csv",
        markdown="results/compare.md",
    log:
        f"logs/{STUDY_TAG}/copy/compare.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/copy/compare.tsv"
    localrule: True
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=200,
    params:
        study=STUDY_TAG,
        code=code_hash("gains.workflow.copies"),
    shell:
        "gains copy --study {params.study} {input.csv} {output.csv}"
        " {input.markdown} {output.markdown} > {log} 2>&1"


rule copy_audit:
    """Copy the audit of the data to where people ask for it."""
    input:
        f"{RESULTS}/tables/data_audit.csv",
    output:
        "results/data_audit.csv",
    log:
        f"logs/{STUDY_TAG}/copy/data_audit.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/copy/data_audit.tsv"
    localrule: True
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=200,
    params:
        study=STUDY_TAG,
        code=code_hash("gains.workflow.copies"),
    shell:
        "gains copy --study {params.study} {input} {output} > {log} 2>&1"
