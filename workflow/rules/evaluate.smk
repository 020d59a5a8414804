"""Predictions of trained models and of other programs on the test split, and their scores."""


rule predict:
    """Predict the objects of the test images."""
    input:
        model=trained_model,
        coco=f"{DATA}/coco/{{dataset}}.json",
        images=f"{DATA}/coco/{{dataset}}.zip",
        split=f"{DATA}/splits/{{dataset}}.json",
    output:
        predictions=f"{RESULTS}/runs/{RUN_PATH}/test.predictions.json.gz",
        images=f"{RESULTS}/runs/{RUN_PATH}/test.predictions.images.json",
    log:
        f"logs/{STUDY_TAG}/predict/{RUN_PATH}.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/predict/{RUN_PATH}.tsv"
    conda:
        ENVIRONMENT
    threads: run_threads
    resources:
        gpu=SETTINGS.gpu,
        mem_mb=SETTINGS.mem_mb,
    params:
        options=prediction_options,
        code=run_code("gains.prediction.predict"),
    shell:
        "gains predict --model {input.model} --coco {input.coco} --split {input.split}"
        " --part test --fold {wildcards.fold} {params.options} --out {output.predictions}"
        " > {log} 2>&1"


rule external:
    """Read the predictions that another program made for the test images."""
    input:
        coco=f"{DATA}/coco/{{dataset}}.json",
        split=f"{DATA}/splits/{{dataset}}.json",
    output:
        predictions=f"{RESULTS}/runs/{EXTERNAL_PATH}/test.predictions.json.gz",
        images=f"{RESULTS}/runs/{EXTERNAL_PATH}/test.predictions.images.json",
    log:
        f"logs/{STUDY_TAG}/external/{EXTERNAL_PATH}.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/external/{EXTERNAL_PATH}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=external_settings,
        files=external_content,
        options=external_options,
        code=code_hash("gains.external.job"),
    shell:
        "gains import-predictions {params.options} --ground-truth {input.coco}"
        " --split {input.split} --part test --fold {wildcards.fold}"
        " --out {output.predictions} > {log} 2>&1"


rule score:
    """Compare predictions with the ground truth by all metrics."""
    input:
        coco=f"{DATA}/coco/{{dataset}}.json",
        split=f"{DATA}/splits/{{dataset}}.json",
        predictions=f"{RESULTS}/runs/{RUN_PATH}/test.predictions.json.gz",
    output:
        f"{RESULTS}/runs/{RUN_PATH}/test.scores.json",
    log:
        f"logs/{STUDY_TAG}/score/{RUN_PATH}.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/score/{RUN_PATH}.tsv"
    wildcard_constraints:
        method=one_of(run.method for run in SCORED_RUNS),
        variant=one_of(run.variant for run in SCORED_RUNS),
        seed=one_of(str(run.seed) for run in SCORED_RUNS),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
    params:
        options=score_options,
        code=code_hash("gains.scoring.score"),
    shell:
        "gains score --ground-truth {input.coco} --predictions {input.predictions}"
        " --split {input.split} --part test --fold {wildcards.fold} {params.options}"
        " --out {output} > {log} 2>&1"


rule cost:
    """Measure what a model costs, for tables with such columns."""
    input:
        model=trained_model,
        record=training_record,
        coco=f"{DATA}/coco/{{dataset}}.json",
        images=f"{DATA}/coco/{{dataset}}.zip",
        split=f"{DATA}/splits/{{dataset}}.json",
    output:
        f"{RESULTS}/runs/{RUN_PATH}/cost.json",
    log:
        f"logs/{STUDY_TAG}/cost/{RUN_PATH}.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/cost/{RUN_PATH}.tsv"
    conda:
        ENVIRONMENT
    threads: run_threads
    resources:
        gpu=SETTINGS.gpu,
        mem_mb=SETTINGS.mem_mb,
    params:
        options=prediction_options,
        code=run_code("gains.prediction.cost"),
    shell:
        "gains cost --model {input.model} --coco {input.coco} --split {input.split}"
        " --fold {wildcards.fold} {params.options} --out {output} > {log} 2>&1"
