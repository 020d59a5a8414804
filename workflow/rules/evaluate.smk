"""Predictions of a trained model on the test split, and their scores."""


rule predict:
    """Find the instances of the test images."""
    input:
        model=f"{RES}/runs/{RUN}/model.pt",
        coco=f"{DATA}/coco/{{dataset}}.json",
        images=f"{DATA}/coco/{{dataset}}.zip",
        split=f"{DATA}/splits/{{dataset}}.json",
    output:
        predictions=f"{RES}/runs/{RUN}/test.predictions.json.gz",
        images=f"{RES}/runs/{RUN}/test.predictions.images.json",
    log:
        f"logs/{TAG}/predict/{RUN}.log",
    benchmark:
        f"logs/benchmarks/{TAG}/predict/{RUN}.tsv"
    conda:
        "../../environment.yml"
    threads: run_threads
    resources:
        gpu=SETTINGS.gpu,
        mem_mb=SETTINGS.mem_mb,
    params:
        code=run_code("gains.prediction.predict"),
    shell:
        "gains predict --model {input.model} --coco {input.coco} --split {input.split}"
        " --part test --fold {wildcards.fold} --out {output.predictions} > {log} 2>&1"


rule score:
    """Compare predictions with the ground truth, by every metric."""
    input:
        coco=f"{DATA}/coco/{{dataset}}.json",
        split=f"{DATA}/splits/{{dataset}}.json",
        predictions=f"{RES}/runs/{RUN}/test.predictions.json.gz",
    output:
        f"{RES}/runs/{RUN}/test.scores.json",
    log:
        f"logs/{TAG}/score/{RUN}.log",
    benchmark:
        f"logs/benchmarks/{TAG}/score/{RUN}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        options=score_options,
        code=code("gains.scoring.score"),
    shell:
        "gains score --ground-truth {input.coco} --predictions {input.predictions}"
        " --split {input.split} --part test --fold {wildcards.fold} {params.options}"
        " --out {output} > {log} 2>&1"
