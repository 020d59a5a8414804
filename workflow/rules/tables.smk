"""Tables of the study in its folder, and copies of them at the top of results/."""


rule table:
    """Make a table of scores; say how sure its values are, and give them by kind of contact."""
    input:
        scores=table_scores,
        costs=table_costs,
        spec=table_spec_file,
    output:
        csv=report(
            f"{RESULTS}/tables/{{table}}.csv",
            caption="../report/table.rst",
            category="Tables",
        ),
        markdown=f"{RESULTS}/tables/{{table}}.md",
        latex=f"{RESULTS}/tables/{{table}}.tex",
        certainty=f"{RESULTS}/tables/{{table}}.certainty.csv",
        certainty_markdown=f"{RESULTS}/tables/{{table}}.certainty.md",
        contact=f"{RESULTS}/tables/{{table}}.contact.csv",
        contact_markdown=f"{RESULTS}/tables/{{table}}.contact.md",
    log:
        f"logs/{STUDY_TAG}/table/{{table}}.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/table/{{table}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=500,
    params:
        code=code_hash("gains.tables.write"),
    shell:
        "gains table --spec {input.spec} --out {output.csv} > {log} 2>&1"


rule validation_table:
    """Make a table of the values that trainings reach on validation images."""
    input:
        validations=validations,
        spec=validation_spec_file,
    output:
        csv=report(
            f"{RESULTS}/tables/{{validated}}.csv",
            caption="../report/validation_table.rst",
            category="Tables",
        ),
        markdown=f"{RESULTS}/tables/{{validated}}.md",
        latex=f"{RESULTS}/tables/{{validated}}.tex",
    log:
        f"logs/{STUDY_TAG}/validation_table/{{validated}}.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/validation_table/{{validated}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=500,
    params:
        code=code_hash("gains.tables.validation.write"),
    shell:
        "gains validation-table --spec {input.spec} --out {output.csv} > {log} 2>&1"


rule compare:
    """Compare each cell of the tables with the published values."""
    input:
        tables=expand(f"{RESULTS}/tables/{{table}}.csv", table=STUDY.tables),
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
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=500,
    params:
        published=published_hash(),
        code=code_hash("gains.tables.compare"),
    shell:
        "gains compare --spec {input.spec} --tables {input.tables} --out {output.csv}"
        " > {log} 2>&1"


rule audit_table:
    """Collect the audits of all data sets in one table."""
    input:
        audits,
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
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=500,
    params:
        code=code_hash("gains.datasets.audit"),
    shell:
        "gains audit-table {input} --out {output} > {log} 2>&1"


rule summary:
    """Collect the main scores of all runs in one small file, for `dvc metrics`."""
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
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=500,
    params:
        code=code_hash("gains.tables.summary"),
    shell:
        "gains summary --spec {input.spec} --out {output} > {log} 2>&1"


# results/<name> is a copy of a file of the study in force; the file itself names the study.
rule copy_table:
    """Copy a table to the top of results/."""
    input:
        csv=f"{RESULTS}/tables/{{table}}.csv",
        markdown=f"{RESULTS}/tables/{{table}}.md",
        latex=f"{RESULTS}/tables/{{table}}.tex",
        certainty=f"{RESULTS}/tables/{{table}}.certainty.csv",
        certainty_markdown=f"{RESULTS}/tables/{{table}}.certainty.md",
        contact=f"{RESULTS}/tables/{{table}}.contact.csv",
        contact_markdown=f"{RESULTS}/tables/{{table}}.contact.md",
    output:
        csv="results/{table}.csv",
        markdown="results/{table}.md",
        latex="results/{table}.tex",
        certainty="results/{table}.certainty.csv",
        certainty_markdown="results/{table}.certainty.md",
        contact="results/{table}.contact.csv",
        contact_markdown="results/{table}.contact.md",
    log:
        f"logs/{STUDY_TAG}/copy/{{table}}.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/copy/{{table}}.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=200,
    params:
        study=STUDY_TAG,
        code=code_hash("gains.workflow.copies"),
    shell:
        "gains copy --study {params.study} {input.csv} {output.csv}"
        " {input.markdown} {output.markdown} {input.latex} {output.latex}"
        " {input.certainty} {output.certainty}"
        " {input.certainty_markdown} {output.certainty_markdown}"
        " {input.contact} {output.contact}"
        " {input.contact_markdown} {output.contact_markdown} > {log} 2>&1"


rule copy_validation_table:
    """Copy a table of validations to the top of results/."""
    input:
        csv=f"{RESULTS}/tables/{{validated}}.csv",
        markdown=f"{RESULTS}/tables/{{validated}}.md",
        latex=f"{RESULTS}/tables/{{validated}}.tex",
    output:
        csv="results/{validated}.csv",
        markdown="results/{validated}.md",
        latex="results/{validated}.tex",
    log:
        f"logs/{STUDY_TAG}/copy/{{validated}}.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/copy/{{validated}}.tsv"
    localrule: True
    conda:
        ENVIRONMENT
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
    """Copy the comparison with the published values to the top of results/."""
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
        ENVIRONMENT
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
    """Copy the audit of the data to the top of results/."""
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
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=200,
    params:
        study=STUDY_TAG,
        code=code_hash("gains.workflow.copies"),
    shell:
        "gains copy --study {params.study} {input} {output} > {log} 2>&1"


rule of_another_study:
    """Say which study makes a table or figure that the study in force does not make."""
    input:
        refuse_other,
    output:
        "results/{other}",
