"""Snakemake's records of how each output was made, in one file that travels with the outputs.

Snakemake keeps one small file per output in ``.snakemake/metadata``, which stays on the machine.
:func:`export` gathers these records, with the SHA-256 of each output and without times, in a file
beside the outputs. :func:`restore` gives Snakemake the records of every output whose content is the
recorded one, so that a fresh clone that fetched the outputs has nothing to do. It also repairs the
records of a failed rerun: Snakemake deletes the output of the failed job but records its new
parameters, and would then treat files made from the old output as up to date.

The format of a record is that of Snakemake 9.27 with the persistence backend ``file``.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from gains.support.files import read_json, sha256, write_json, write_text

logger = logging.getLogger(__name__)

Record = dict[str, Any]

METADATA = Path(".snakemake/metadata")
OWN = Path(".snakemake/provenance")
CHECKSUMS = OWN / "sha256.json"
LOST = "<the job that made this failed>"
REMEDY = "run snakemake, or dvc checkout"
KEPT = (
    "rule",
    "input",
    "log",
    "params",
    "code",
    "record_format_version",
    "conda_env",
    "container_img_url",
    "software_stack_hash",
    "input_checksums",
)
_NAME_LENGTH = 254


def export(out: str, roots: Sequence[str], complete: bool) -> None:
    """Write the records of every output below one of ``roots`` to ``out``.

    The file is not written if nothing has changed.

    Args:
        out: provenance file to write.
        roots: folders or files whose records are exported.
        complete: whether every job of the run succeeded. When a job fails, Snakemake deletes its
            output but keeps a record with the new parameters. For such an output the record that
            was exported before is kept.
    """
    known = _records(out)
    files = _gather(out, roots, known, complete)
    for key in known.keys() - files.keys():
        if not Path(key).exists():  # for example, DVC has not fetched it
            files[key] = known[key]
    if files != known:
        write_json(out, {"format": 1, "files": files})
    if Path(out).is_file():
        _mark(out)


def _gather(
    out: str, roots: Sequence[str], known: dict[str, Record], complete: bool
) -> dict[str, Record]:
    old = _load(CHECKSUMS)
    checksums = dict(old)
    files: dict[str, Record] = {}
    for key in _recorded():
        if key == out or not any(key == root or key.startswith(root + "/") for root in roots):
            continue
        record = _load(_record_path(key))
        if not record or record.get("code") == LOST:
            continue
        kept = {name: record.get(name) for name in KEPT}
        path = Path(key)
        if path.is_file():
            state = path.stat()
            stamp = [state.st_mtime_ns, state.st_size]
            hit = old.get(key)
            digest = hit[2] if hit and hit[:2] == stamp else sha256(path)
            checksums[key] = [*stamp, digest]
            files[key] = {"sha256": digest, "size": state.st_size, **kept}
        elif complete and key not in known:
            files[key] = {"sha256": None, "size": None, **kept}
    if checksums != old:
        write_json(CHECKSUMS, checksums)
    return files


def restore(*sources: str) -> None:
    """Give Snakemake the records in ``sources`` of all outputs that have the recorded content.

    A source that this checkout wrote or read last is not read again, so the call is cheap.
    """
    known: dict[str, Record] = {}
    for source in sources:
        files = _records(source)
        known.update(files)
        if files and not _marked(source):
            _restore_present(files)
            _mark(source)
    _repair_absent(known)


def _restore_present(files: dict[str, Record]) -> None:
    for key, wanted in files.items():
        path = Path(key)
        if not path.is_file() or path.stat().st_size != wanted["size"]:
            continue
        if not _same(_load(_record_path(key)), wanted) and sha256(path) == wanted["sha256"]:
            _put(key, wanted, path.stat().st_mtime)


def _repair_absent(known: dict[str, Record]) -> None:
    """Repair the records of outputs that do not exist here.

    Snakemake does not ask for an intermediate file as long as the files made from it exist, but it
    reads its record. That record must describe the output as it was before it was deleted. If this
    is not known, write a record that makes Snakemake run the job.
    """
    for key, wanted in known.items():
        if not Path(key).exists() and not _same(_load(_record_path(key)), wanted):
            _put(key, wanted, 0.0)
    for key in set(_recorded()) - known.keys():
        if not Path(key).exists():
            record = _load(_record_path(key))
            if record and record.get("code") != LOST:
                write_json(_record_path(key), {**record, "code": LOST})


def verify_records(*sources: str) -> list[str]:
    """Return one line for each output that differs from its record or was made from other inputs.

    Raises:
        FileNotFoundError: a source is missing.
        ValueError: a source is not a provenance file or holds no record.
    """
    problems = []
    for source in sources:
        files = _strict_records(source)
        digests = {key: sha256(key) for key in files if Path(key).is_file()}
        for key, wanted in files.items():
            if key in digests and digests[key] != wanted["sha256"]:
                problems.append(f"{key}: content is not the recorded one")
            for name, checksum in (wanted["input_checksums"] or {}).items():
                if name not in digests and Path(name).is_file():
                    digests[name] = sha256(name)
                if name in digests and checksum.split(":")[-1] != digests[name]:
                    problems.append(f"{key}: was made from another {name}")
    return problems


def _record_path(key: str) -> Path:
    name = base64.urlsafe_b64encode(key.encode()).decode()
    parts = [name[i : i + _NAME_LENGTH] for i in range(0, len(name), _NAME_LENGTH)]
    return METADATA.joinpath(*("@" + part for part in parts[:-1]), parts[-1])


def _recorded() -> Iterator[str]:
    """Yield the paths of all outputs that Snakemake has a record of."""
    for path in sorted(METADATA.rglob("*")):
        if path.is_file():
            parts = path.relative_to(METADATA).parts
            name = "".join(part.removeprefix("@") for part in parts)
            yield base64.urlsafe_b64decode(name).decode()


def _records(source: str) -> dict[str, Record]:
    files: dict[str, Record] = _load(Path(source)).get("files", {})
    return files


def _strict_records(source: str) -> dict[str, Record]:
    """Return the records of a file; it must exist and hold records."""
    content = read_json(source)
    files = content.get("files") if isinstance(content, dict) else None
    if not isinstance(files, dict) or not files:
        found = type(content).__name__ if files is None else f"'files': {str(files)[:60]}"
        raise ValueError(
            f"{source}: expected a provenance file, a mapping with the records under 'files', "
            f"found {found}"
        )
    for key, record in files.items():
        if not isinstance(record, dict) or not {"sha256", "input_checksums"} <= set(record):
            raise ValueError(
                f"{source}: expected a record with sha256 and input_checksums for {key}, found "
                f"{str(record)[:60]}"
            )
    return files


def _load(path: Path) -> dict[str, Any]:
    """Read a JSON mapping; an absent or broken file holds no record, and its job runs again.

    Raises:
        ValueError: it is a folder.
    """
    if path.is_dir():
        raise ValueError(f"{path}: is a folder, expected a file")
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError:
        content = None
    if not isinstance(content, dict):
        logger.warning("%s: expected a JSON object; the file is ignored", path)
        return {}
    return content


def _same(record: Record, wanted: Record) -> bool:
    return bool(record) and _only(record, KEPT) == _only(wanted, KEPT)


def _only(record: Record, names: Iterable[str]) -> Record:
    return {name: record.get(name) for name in names}


def _put(key: str, record: Record, time: float) -> None:
    machine = {
        "starttime": time,
        "endtime": time,
        "incomplete": False,
        "external_jobid": None,
        "job_hash": None,
        "shellcmd": None,
    }
    write_json(_record_path(key), {**_only(record, KEPT), **machine})


def _marker(source: str) -> Path:
    return OWN / source.replace("/", "%")


def _mark(source: str) -> None:
    write_text(_marker(source), sha256(source))


def _marked(source: str) -> bool:
    marker = _marker(source)
    return marker.is_file() and marker.read_text() == sha256(source)
