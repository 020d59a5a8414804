"""Download published data, convert data sets to COCO, split them, and describe their content."""


# On a cluster these jobs run beside the main process, because the nodes may have no network.
localrules:
    fetch,
    fetch_weights,


# The files of a data set are not outputs, because Snakemake deletes outputs before the job. It would
# delete files that a person put there, and partial downloads. The output is a receipt with checksums
# of the files. The rule updates the receipt and does not replace it, because the receipt records
# where each file came from.
rule fetch:
    """Download a published data set into data/raw, or check the files that are there."""
    output:
        update("data/raw/{raw}/fetched.json"),
    log:
        "logs/fetch/{raw}.log",
    benchmark:
        "logs/benchmarks/fetch/{raw}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
    params:
        addresses=addresses,
        changes=raw_changes,
        code=code_hash("gains.fetch.fetch"),
    shell:
        "gains fetch {wildcards.raw} > {log} 2>&1"


# No training has such a file as its input (see training_settings), so the handler `onstart` fetches
# what the trainings of a call miss. This rule is for `all_data`. It updates the file and does not
# replace it, because a person may have put it there; the trainings check the file.
rule fetch_weights:
    """Download a file of initial weights into data/raw."""
    output:
        update("data/raw/{raw}/{weights}"),
    log:
        "logs/fetch/{raw}/{weights}.log",
    benchmark:
        "logs/benchmarks/fetch/{raw}/{weights}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=500,
    shell:
        "gains fetch {wildcards.raw} > {log} 2>&1"


rule convert:
    """Convert a data set to COCO: a JSON file and an archive of the images."""
    input:
        source_receipt,
    output:
        coco=f"{DATA}/coco/{{dataset}}.json",
        images=f"{DATA}/coco/{{dataset}}.zip",
    log:
        f"logs/{STUDY_TAG}/convert/{{dataset}}.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/convert/{{dataset}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
    params:
        source=source_arguments,
        settings=source_settings,
        files=source_content,
        options=source_options,
        code=source_code,
    shell:
        "gains convert {params.source} --name {wildcards.dataset}"
        " --options {params.options:q} --out {output.coco} > {log} 2>&1"


rule split:
    """Divide the images of a data set into train, val and test."""
    input:
        coco=f"{DATA}/coco/{{dataset}}.json",
    output:
        f"{DATA}/splits/{{dataset}}.json",
    log:
        f"logs/{STUDY_TAG}/split/{{dataset}}.log",
    benchmark:
        f"logs/benchmarks/{STUDY_TAG}/split/{{dataset}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=500,
    params:
        settings=split_settings,
        lists=split_lists,
        options=split_options,
        code=split_code,
    shell:
        "gains split --coco {input.coco} --settings {params.options:q} --out {output}"
        " > {log} 2>&1"


rule audit:
    """Describe a data set: numbers and sizes of objects, overlaps, touching objects."""
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
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
    params:
        max_detections=max_detections,
        code=code_hash("gains.datasets.audit"),
    shell:
        "gains audit --coco {input.coco} --split {input.split}"
        " --max-detections {params.max_detections} --out {output} > {log} 2>&1"
