"""Gradient anomaly maps of the training images."""


rule maps:
    """Compute the anomaly maps of a data set's training split for one parameter set."""
    input:
        coco=f"{DATA}/coco/{{dataset}}.json",
        split=f"{DATA}/splits/{{dataset}}.json",
    output:
        f"{DATA}/maps/{{dataset}}/fold{{fold}}.train.{{mapkey}}.npz",
    log:
        f"logs/{STUDY_TAG}/maps/{{dataset}}/fold{{fold}}.train.{{mapkey}}.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/maps/{{dataset}}/fold{{fold}}.train.{{mapkey}}.tsv"
    # Trainings wait for their maps, so make maps first.
    priority: 1
    conda:
        ENVIRONMENT
    # A job that asks for several cores waits until they are free at the same time, while other jobs
    # start. Maps take seconds per image, so one core is enough; `gains maps --jobs` can use more.
    threads: 1
    resources:
        mem_mb=2000,
    params:
        options=map_options,
        code=code_hash("gains.anomaly.build"),
    shell:
        "gains maps --coco {input.coco} --split {input.split} --part train"
        " --fold {wildcards.fold} {params.options} --jobs {threads} --out {output} > {log} 2>&1"
