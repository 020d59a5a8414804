"""Training: one job per data set, method, variant, seed and fold."""


rule train:
    """Train a method; a rerun continues from the checkpoint in scratch/.

    Snakemake deletes the declared outputs of a job that failed or was killed. The checkpoint must
    survive that, so it is not declared as an output.
    """
    input:
        unpack(training_inputs),
        coco=f"{DATA}/coco/{{dataset}}.json",
        images=f"{DATA}/coco/{{dataset}}.zip",
        split=f"{DATA}/splits/{{dataset}}.json",
    output:
        model=f"{RESULTS}/runs/{RUN_PATH}/model.pt",
        losses=f"{RESULTS}/runs/{RUN_PATH}/losses.csv",
        validation=f"{RESULTS}/runs/{RUN_PATH}/validation.csv",
        record=f"{RESULTS}/runs/{RUN_PATH}/run.json",
    log:
        f"logs/{STUDY_TAG}/train/{RUN_PATH}.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/train/{RUN_PATH}.tsv"
    conda:
        ENVIRONMENT
    threads: run_threads
    resources:
        gpu=SETTINGS.gpu,
        mem_mb=SETTINGS.mem_mb,
    params:
        settings=training_settings,
        options=training_options,
        files=training_files,
        scratch=f"scratch/{STUDY_TAG}/{RUN_PATH}",
        code=training_code,
    shell:
        "gains train --name {wildcards.dataset}/{wildcards.method}/{wildcards.variant}"
        " --settings {params.options:q} --coco {input.coco} --split {input.split} {params.files}"
        " --seed {wildcards.seed} --fold {wildcards.fold} --code {params.code}"
        " --scratch {params.scratch} --out {output.model} > {log} 2>&1"


rule of_kept_run:
    """Say that a file of a kept run is not made again."""
    input:
        refuse_gone,
    output:
        "{gone}",
    wildcard_constraints:
        gone=one_of(GONE),
