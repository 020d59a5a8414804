"""Figures of the study in its own folder, and their copies in results/."""

if SETTINGS.figure3:

    rule figure3:
        """Draw the steps from one image to its anomaly map."""
        input:
            coco=f"{DATA}/coco/{SETTINGS.figure3.dataset}.json",
            images=f"{DATA}/coco/{SETTINGS.figure3.dataset}.zip",
            split=f"{DATA}/splits/{SETTINGS.figure3.dataset}.json",
        output:
            pdf=f"{RESULTS}/figures/figure3.pdf",
            png=report(
                f"{RESULTS}/figures/figure3.png",
                caption="../report/figure3.rst",
                category="Figures",
            ),
        log:
            f"logs/{STUDY_TAG}/figure3.log",
        benchmark:
            f"logs/benchmarks/{STUDY_TAG}/figure3.tsv"
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            mem_mb=1000,
        params:
            study=STUDY_TAG,
            image=figure3_image,
            settings=figure3_settings,
            code=code_hash("gains.figures.figure3"),
        shell:
            "gains figure figure3 --coco {input.coco} --split {input.split}"
            " {params.image} --settings {params.settings:q} --study {params.study}"
            " --out {output.pdf} > {log} 2>&1"


if SETTINGS.predictions:

    rule figure_predictions:
        """Draw test images with the ground truth and the predictions of the rows of a table."""
        input:
            coco=f"{DATA}/coco/{SETTINGS.figure_dataset('predictions')}.json",
            images=f"{DATA}/coco/{SETTINGS.figure_dataset('predictions')}.zip",
            predictions=[row.predictions for row in PICTURED],
            scores=pictured_scores,
        output:
            pdf=f"{RESULTS}/figures/predictions.pdf",
            png=report(
                f"{RESULTS}/figures/predictions.png",
                caption="../report/predictions.rst",
                category="Figures",
            ),
        log:
            f"logs/{STUDY_TAG}/predictions.log",
        benchmark:
            f"logs/benchmarks/{STUDY_TAG}/predictions.tsv"
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            mem_mb=1000,
        params:
            study=STUDY_TAG,
            options=pictured_options,
            code=code_hash("gains.figures.predictions"),
        shell:
            "gains figure predictions --coco {input.coco} {params.options}"
            " --study {params.study} --out {output.pdf} > {log} 2>&1"


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
