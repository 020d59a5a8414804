"""Limits of the machine, and actions before and after all jobs."""

from pathlib import Path

from snakemake.exceptions import WorkflowError

from gains.config.settings_file import sweep_settings
from gains.running.pulse import attach_pulse
from gains.training.scratch import Scratch
from gains.workflow import snakemake_records
from gains.workflow.memory import memory_mb
from gains.workflow.metadata import forget_lists

# At most one job uses a GPU at a time, unless `--resources gpu=N` raises the limit. All jobs share
# the memory of this machine or container, unless `--resources mem_mb=N` sets another limit. The scope "local"
# keeps these limits from delaying jobs that are submitted to a cluster.
workflow.global_resources.setdefault("gpu", 1)
workflow.global_resources.setdefault("mem_mb", memory_mb())


resource_scopes:
    gpu="local",
    mem_mb="local",


def keep_records(complete):
    """Export Snakemake's records of all outputs to files that travel with the outputs."""
    snakemake_records.export(
        f"{RESULTS}/provenance.json", [DATA, RESULTS, *RECEIPTS, *WEIGHTS], complete
    )
    snakemake_records.export("results/provenance.json", COPIES, complete)


# After a fresh clone and `dvc pull` there is no .snakemake/metadata. Give Snakemake the records of
# every file whose content is the recorded one.
if workflow.is_main_process:
    snakemake_records.restore(f"{RESULTS}/provenance.json", "results/provenance.json")
    for file in RECEIPTS:
        forget_lists(file)


def missing_weights(jobs):
    """Return the names of fetched weights that these jobs need and that are missing."""
    trainings = [run_of(job.wildcards) for job in jobs if job.rule.name == "train"]
    files = {str(weights_of(run)) for run in trainings}
    return [
        name
        for file, name in WEIGHTS.items()
        if file in files and not Path(file).exists()
    ]


# The first lines stop if files of a person are missing, before Snakemake deletes the outputs of the
# jobs that read them. The next ones fetch missing initial weights before any job, on the machine
# with the network. `gains run` shows the running jobs itself; a plain call says every 30 s what they do.
# With its default limit of 100 jobs per second, Snakemake checks its queue again a second after
# every check, as long as jobs wait. Each finished job starts another such chain, and by the end of
# the demo they take a fifth of a core. Remove this default limit; any other limit stays.
onstart:
    jobs = [] if workflow.touch else list(workflow.dag.needrun_jobs())
    if missing := missing_own_files(jobs):
        raise WorkflowError(
            "; ".join(missing) + ". Nothing was run and nothing was changed"
        )
    for name in missing_weights(jobs):
        shell("gains fetch {name}")
    if events.VARIABLE not in os.environ and not workflow.output_settings.quiet:
        attach_pulse(logger, len(jobs))
    limiter = getattr(workflow.scheduler, "job_rate_limiter", None)
    default = limiter and (limiter.max_jobs, limiter.timespan) == (100, 1)
    if workflow.local_exec and default:
        workflow.scheduler.job_rate_limiter = None


def sweep_scratch():
    """Remove the finished trainings in scratch/ whose outputs this call has accepted, and settings
    that no job of the study has.

    If only this process is ended, it waits for its jobs and then deletes their outputs. A result
    stays in scratch/ until then, so that the next call delivers it without training again.
    """
    for job in workflow.dag.jobs:
        if job.rule.name == "train" and all(Path(file).exists() for file in job.output):
            path = run_of(job.wildcards).path
            Scratch(Path(f"scratch/{STUDY_TAG}/{path}")).sweep()
    sweep_settings(f"scratch/{STUDY_TAG}/specs", SPEC_FILES.values())
    sweep_settings(f"scratch/{STUDY_TAG}/settings", map(settings_file, TRAININGS))


onsuccess:
    keep_records(complete=True)
    sweep_scratch()


onerror:
    keep_records(complete=False)
