"""What a job of a study would refuse, as far as it can be seen without reading labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gains.datasets.convert import fetched_folder, inputs_of
from gains.fetch.sources import fetched_name
from gains.study.external import external_rows, missing_external
from gains.study.starts import start_of
from gains.study.study import Study


def missing_inputs_of(study: Study) -> list[str]:
    """Return a sentence for each file or folder of a person that a job needs and that is missing.

    What was made from own files before is used without them. Optional data sets may be absent, and
    so may those with kept runs, of which the workflow says what it cannot make.
    """
    found = [*_data(study), *_weights(study), *_starts(study), *missing_external(study)]
    return list(dict.fromkeys(found))


def _data(study: Study) -> Iterator[str]:
    for name, block in study.settings.datasets.items():
        source = block.source or name
        made = study.coco(name).is_file() or name in study.without_images
        if made or fetched_folder(source, block.options):
            continue
        for path in inputs_of(source, block.options):
            if not path.exists():
                yield (
                    f"data set {name!r}: {path} does not exist; correct the path in its options, "
                    "or put the files there"
                )


def _weights(study: Study) -> Iterator[str]:
    for run in study.trainings():
        if study.is_kept(run) or run.dataset in study.without_images:
            continue
        file = study.run_settings(run).initial_weights
        needed = file is not None and not study.model(run).is_file() and not fetched_name(file)
        if file is not None and needed and not file.is_file():
            yield f"initial weights: there is no file {file}; correct the path, or put it there"


def _starts(study: Study) -> Iterator[str]:
    """Yield the kept runs without a model that a training starts from."""
    for run in study.trainings():
        start = None if study.is_kept(run) else start_of(study, run)
        done = study.model(run).is_file() or run.dataset in study.without_images
        if start is None or done or not study.is_kept(start) or study.model(start).is_file():
            continue
        yield (
            f"{run.path} starts from the model of {start.path}, which is kept without its model; "
            f"remove the folder {study.run_folder(start)}, so that it is trained again"
        )


def misplaced_paths(study: Study, file: Path) -> list[str]:
    """Return a sentence for each relative path that may be meant to begin at the study file.

    Relative paths begin in the present folder, which is that of the project. A path that exists
    beside the study file was probably meant otherwise, unless that is the same folder.

    Args:
        study: the study.
        file: its file.
    """
    if file.absolute().parent.samefile("."):
        return []
    paths = [
        path
        for name, block in study.settings.datasets.items()
        for path in inputs_of(block.source or name, block.options)
    ]
    paths += [row.files for row in external_rows(study.settings)]
    paths += [Path(b.split.file) for b in study.settings.datasets.values() if b.split.file]
    settings = [study.run_settings(run) for run in study.trainings()]
    paths += [weights for s in settings if (weights := s.initial_weights) is not None]
    return [
        f"{path}: a relative path in a study file begins in the folder of the project, "
        f"{Path.cwd()}, but there is such a path beside {file} too; write the one that you mean as "
        f"an absolute path, for example {file.parent / path}"
        for path in dict.fromkeys(paths)
        if not path.is_absolute() and (file.parent / path).exists()
    ]
