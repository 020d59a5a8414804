"""Training: one job per data set, method, variant, seed and fold."""


rule train:
    """Train a method; the running checkpoint is kept in scratch/, where a rerun resumes from it.

    Snakemake deletes the declared outputs of a job that failed or was killed, so scratch is none.
    """
    input:
        unpack(training_inputs),
        coco=f"{DATA}/coco/{{dataset}}.json",
        images=f"{DATA}/coco/{{dataset}}.zip",
        split=f"{DATA}/splits/{{dataset}}.json",
    output:
        model=f"{RES}/runs/{RUN}/model.pt",
        losses=f"{RES}/runs/{RUN}/losses.csv",
        record=f"{RES}/runs/{RUN}/run.json",
    log:
        f"logs/{TAG}/train/{RUN}.log",
    benchmark:
        f"logs/benchmarks/{TAG}/train/{RUN}.tsv"
    conda:
        "../../environment.yml"
    threads: run_threads
    resources:
        gpu=SETTINGS.gpu,
        mem_mb=SETTINGS.mem_mb,
    params:
        settings=run_settings,
        maps=training_maps,
        scratch=f"scratch/{TAG}/{RUN}",
        code=run_code("gains.training.train"),
    shell:
        "gains train --name {wildcards.dataset}/{wildcards.method}/{wildcards.variant}"
        " --settings {params.settings:q} --coco {input.coco} --split {input.split} {params.maps}"
        " --seed {wildcards.seed} --fold {wildcards.fold} --code {params.code}"
        " --scratch {params.scratch} --out {output.model} > {log} 2>&1"
