"""Published data fetched, data sets in COCO form, their splits, and an audit of what they hold."""


# The files of a data set are no outputs: Snakemake would delete before the job what a person has
# put there, or what a broken download may resume. The receipt names them with their checksums, and
# is updated, not made anew, since it knows where each file came from.
rule fetch:
    """Bring a published data set into data/raw, or check what lies there."""
    output:
        update("data/raw/{raw}/fetched.json"),
    log:
        "logs/fetch/{raw}.log",
    benchmark:
        "logs/benchmarks/fetch/{raw}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        addresses=addresses,
        changes=lambda wildcards: changes(wildcards.raw),
        code=code_hash("gains.fetch.fetch"),
    shell:
        "gains fetch {wildcards.raw} > {log} 2>&1"


rule convert:
    """Bring a data set into COCO form: one json, one archive of images."""
    input:
        source_files,
    output:
        coco=f"{DATA}/coco/{{dataset}}.json",
        images=f"{DATA}/coco/{{dataset}}.zip",
    log:
        f"logs/{STUDY_TAG}/convert/{{dataset}}.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/convert/{{dataset}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        source=source_of,
        options=source_options,
        code=source_code,
    shell:
        "gains convert {params.source} --name {wildcards.dataset}"
        " --options {params.options:q} --out {output.coco} > {log} 2>&1"


rule split:
    """Divide the images of a data set into train, val and test."""
    input:
        split_lists,
        coco=f"{DATA}/coco/{{dataset}}.json",
    output:
        f"{DATA}/splits/{{dataset}}.json",
    log:
        f"logs/{STUDY_TAG}/split/{{dataset}}.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/split/{{dataset}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        settings=split_settings,
        code=code_hash("gains.datasets.make_split"),
    shell:
        "gains split --coco {input.coco} --settings {params.settings:q} --out {output}"
        " > {log} 2>&1"


rule audit:
    """Count and measure what a data set holds: sizes, overlaps, touching objects."""
    input:
        coco=f"{DATA}/coco/{{dataset}}.json",
        images=f"{DATA}/coco/{{dataset}}.zip",
        split=f"{DATA}/splits/{{dataset}}.json",
    output:
        f"{RESULTS}/audit/{{dataset}}.json",
    log:
        f"logs/{STUDY_TAG}/audit/{{dataset}}.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/audit/{{dataset}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        max_detections=max_detections,
        code=code_hash("gains.datasets.audit"),
    shell:
        "gains audit --coco {input.coco} --split {input.split}"
        " --max-detections {params.max_detections} --out {output} > {log} 2>&1"
