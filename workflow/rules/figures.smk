"""Figures of the study in its own folder, and their copies in results/."""


rule figure:
    """Draw a figure of the study."""
    input:
        figure_inputs,
    output:
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
        png=report(
            f"{RESULTS}/figures/{{figure}}.png",
            caption="../report/figure.rst",
            category="Figures",
        ),
    log:
        f"logs/{STUDY_TAG}/figures/{{figure}}.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/figures/{{figure}}.tsv"
    conda:
        ENVIRONMENT
    threads: figure_threads
    resources:
        gpu=figure_gpu,
        mem_mb=figure_memory,
    params:
        study=STUDY_TAG,
        options=figure_options,
        code=lambda wildcards: code_hash(f"gains.figures.{wildcards.figure}"),
    shell:
        "gains figure {wildcards.figure} {params.options} --study {params.study}"
        " --out {output.pdf} > {log} 2>&1"


rule copy_figure:
    """Copy a figure to the top of results/."""
    input:
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
        png=f"{RESULTS}/figures/{{figure}}.png",
    output:
        pdf="results/{figure}.pdf",
        png="results/{figure}.png",
    log:
        f"logs/{STUDY_TAG}/copy/{{figure}}.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/copy/{{figure}}.tsv"
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
        "gains copy --study {params.study} {input.pdf} {output.pdf}"
        " {input.png} {output.png} > {log} 2>&1"
