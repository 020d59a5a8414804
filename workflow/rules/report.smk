"""The report of the study in its folder, and its copy in results/."""


rule report_study:
    """Write the report: one HTML file with tables, pictures, settings and origins."""
    input:
        results=REPORT_SPEC.paths,
        spec=SPEC_FILES["report"],
    output:
        report(
            f"{RESULTS}/{REPORT}",
            caption="../report/report.rst",
            category="Report",
        ),
    log:
        f"logs/{STUDY_TAG}/report.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/report.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=600,
    params:
        templates=templates_hash(),
        code=code_hash("gains.report.write"),
    shell:
        "gains report --spec {input.spec} --out {output} > {log} 2>&1"


rule copy_report:
    """Copy the report to the top of results/."""
    input:
        f"{RESULTS}/{REPORT}",
    output:
        f"results/{REPORT}",
    log:
        f"logs/{STUDY_TAG}/copy/report.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/copy/report.tsv"
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
