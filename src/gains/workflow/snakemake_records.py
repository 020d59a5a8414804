"""Snakemake's records of how each output was made, in one file that travels with the outputs.

Snakemake keeps one small file per output in ``.snakemake/metadata``, which stays on the machine.
:func:`export` gathers these records, with the SHA-256 of each output and without times, in a file
beside the outputs. :func:`restore` gives Snakemake the records of every output whose content is the
recorded one, so that a fresh clone that fetched the outputs has nothing to do. An output with
another content, which no job of this clone wrote, is made again.

:func:`restore` also repairs the records of a failed rerun: Snakemake deletes the output of the
failed job but records its new parameters, and would then treat files made from the old output as up
to date.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from gains.support.files import sha256, write_text
from gains.workflow.hash_memory import MEMORY, HashMemory
from gains.workflow.metadata import (
    KEPT,
    Record,
    is_incomplete,
    is_lost,
    made_here,
    put,
    put_lost,
    read_all,
)
from gains.workflow.provenance_file import read_provenance, require_provenance, write_provenance

logger = logging.getLogger(__name__)

REMEDY = (
    "run snakemake to make them again, or fetch the recorded files again (docs/workflow.md, "
    "Sharing results)"
)
NAMED = 20
"""Number of files that a warning names; ``gains provenance verify`` names all."""


def export(out: str, roots: Sequence[str], complete: bool) -> None:
    """Write the records of every output below one of ``roots`` to ``out``.

    The file is not written if nothing has changed. A record that was exported before is kept if
    its output is not here, or was neither fetched with the recorded content nor made here.

    Args:
        out: provenance file to write.
        roots: folders or files whose records are exported.
        complete: whether every job of the run succeeded. When a job fails, Snakemake deletes its
            output but keeps a record with the new parameters. For such an output the record that
            was exported before is kept.
    """
    known = read_provenance(out)
    files = known | _gather(out, roots, known, complete)
    if files != known:
        write_provenance(out, files)
    if Path(out).is_file():
        _mark(out)


def _gather(
    out: str, roots: Sequence[str], known: dict[str, Record], complete: bool
) -> dict[str, Record]:
    memory = HashMemory()
    files: dict[str, Record] = {}
    for key, record in read_all().items():
        if key == out or not any(key == root or key.startswith(root + "/") for root in roots):
            continue
        if is_lost(record):
            continue
        path, kept = Path(key), _kept(record)
        if path.is_file():
            digest = memory.sha256(key)
            if _as_recorded(digest, known.get(key)) or made_here(key, record):
                files[key] = {"sha256": digest, "size": path.stat().st_size, **kept}
        elif complete and key not in known:
            files[key] = {"sha256": None, "size": None, **kept}
    memory.save()
    return files


def restore(*sources: str) -> None:
    """Give Snakemake the records in ``sources`` of all outputs that have the recorded content.

    Outputs with another content are made again, and one warning names them. Each file is hashed
    once, and a source that this checkout wrote or read last changes no record of a sound output,
    so the call is cheap.

    Raises:
        ValueError: a source is not a provenance file.
    """
    known: dict[str, Record] = {}
    machine, memory = read_all(), HashMemory()
    damaged: list[str] = []
    for source in sources:
        files = read_provenance(source)
        known.update(files)
        damaged += _restore_present(files, machine, memory, bool(files) and not _marked(source))
        if files:
            _mark(source)
    memory.save()
    if damaged:
        more = f" and {len(damaged) - NAMED} more" if len(damaged) > NAMED else ""
        logger.warning(
            "the content is not the recorded one in %d of %d files: %s%s; %s",
            len(damaged),
            len(known),
            ", ".join(damaged[:NAMED]),
            more,
            REMEDY,
        )
    _repair_absent(known, machine)


def _restore_present(
    files: dict[str, Record], machine: dict[str, Record], memory: HashMemory, renewed: bool
) -> list[str]:
    """Restore or withdraw the records of outputs that exist here; return the damaged outputs."""
    damaged = []
    for key, wanted in files.items():
        path, record = Path(key), machine.get(key, {})
        if wanted["sha256"] is None or not path.is_file():
            continue
        if _as_recorded(memory.sha256(key), wanted):
            if (renewed or is_lost(record)) and not _same(record, wanted):
                put(key, wanted, path.stat().st_mtime)
        elif not is_incomplete(key) and not made_here(key, record):
            damaged.append(key)
            if not is_lost(record):
                put_lost(key, wanted)
    return damaged


def _repair_absent(known: dict[str, Record], machine: dict[str, Record]) -> None:
    """Repair the records of outputs that do not exist here.

    Snakemake does not ask for an intermediate file as long as the files made from it exist, but it
    reads its record. That record must describe the output as it was before it was deleted. If this
    is not known, write a record that makes Snakemake run the job.
    """
    for key, wanted in known.items():
        if not _same(machine.get(key, {}), wanted) and not Path(key).exists():
            put(key, wanted, 0.0)
    for key, record in machine.items():
        if key not in known and not is_lost(record) and not Path(key).exists():
            put_lost(key, record)


def verify_records(*sources: str) -> list[str]:
    """Return one line for each output that differs from its record or was made from other inputs.

    Every file is read, since damage of a disk does not change the date of a file.

    Raises:
        FileNotFoundError: a source is missing.
        ValueError: a source is not a provenance file or holds no record.
    """
    problems = []
    for source in sources:
        files = require_provenance(source)
        if not files:
            raise ValueError(f"{source}: holds no record; make the outputs with snakemake")
        digests = {key: sha256(key) for key in files if Path(key).is_file()}
        for key, wanted in files.items():
            if key in digests and digests[key] != wanted["sha256"]:
                problems.append(f"{key}: content is not the recorded one")
            for name, checksum in (wanted.get("input_checksums") or {}).items():
                if name not in digests and Path(name).is_file():
                    digests[name] = sha256(name)
                if name in digests and checksum.split(":")[-1] != digests[name]:
                    problems.append(f"{key}: was made from another {name}")
    return problems


def _as_recorded(digest: str, wanted: Record | None) -> bool:
    """Return whether an output has the recorded content; an unknown one is not doubted."""
    return wanted is None or wanted["sha256"] in (None, digest)


def _kept(record: Record) -> Record:
    return {name: record.get(name) for name in KEPT}


def _same(record: Record, wanted: Record) -> bool:
    return bool(record) and _kept(record) == _kept(wanted)


def _marker(source: str) -> Path:
    return MEMORY.with_name(source.replace("/", "%"))


def _mark(source: str) -> None:
    write_text(_marker(source), sha256(source))


def _marked(source: str) -> bool:
    marker = _marker(source)
    return marker.is_file() and marker.read_bytes() == sha256(source).encode()
