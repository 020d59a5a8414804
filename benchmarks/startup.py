"""Measure the time until verbs begin, and until Snakemake knows the jobs of a large study.

    python benchmarks/startup.py [--seeds 7]

The script times the imports of each verb and prints whether torch is one of them. The dry run is of
the demo study with the given number of seeds; each seed adds about 150 jobs.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
IMPORTS = {
    "python": "pass",
    "torch": "import torch",
    "gains data list": "import gains.datasets.catalogue, gains.fetch.status",
    "gains maps": "import gains.anomaly.build",
    "gains split": "import gains.datasets.make_split",
    "gains score": "import gains.scoring.score",
    "gains table": "import gains.tables.write",
    "gains predict": "import gains.prediction.predict",
    "gains train": "import gains.training.train",
}
LOADED = "import sys; print('with torch' if 'torch' in sys.modules else '')"


def seconds(command: list[str], runs: int = 3, cwd: Path = ROOT) -> tuple[float, str]:
    """Return the median wall-clock time of a command, and what its last run printed."""
    times, text = [], ""
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    for _ in range(runs):
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env)
        times.append(time.perf_counter() - began)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        text = done.stdout + done.stderr
    return statistics.median(times), text


def dry_run(seeds: int) -> tuple[float, int]:
    """Return the seconds of a dry run of the demo study with some seeds, and its number of jobs."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config["label"] = "seeds"
    config["studies"]["demo"]["seeds"] = list(range(seeds))
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "seeds.json"
        given.write_text(json.dumps(config))
        command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "rules"]
        command += ["--snakefile", str(ROOT / "Snakefile"), "--configfile", str(given)]
        command += ["--directory", folder]
        taken, text = seconds(command, runs=1, cwd=Path(folder))
    jobs = re.findall(r"^total\s+(\d+)", text, re.MULTILINE)
    return taken, int(jobs[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=7)
    options = parser.parse_args()
    for name, code in IMPORTS.items():
        taken, loads = seconds([sys.executable, "-c", f"{code}\n{LOADED}"])
        print(f"{name:18}{taken:7.2f} s  {loads.strip()}", flush=True)
    taken, jobs = dry_run(options.seeds)
    print(f"dry run of {jobs} jobs: {taken:.1f} s")


if __name__ == "__main__":
    main()
