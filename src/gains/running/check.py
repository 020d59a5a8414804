"""The check of a study before anything runs, with the labels of its data sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from gains.datasets.catalogue import DATASETS
from gains.datasets.coco import read_coco
from gains.datasets.convert import check_options, fetched_folder
from gains.datasets.findings import Findings
from gains.datasets.kept_categories import kept_categories
from gains.methods.run_settings import build_method
from gains.published.classes import AVERAGE, TARGET, class_named
from gains.running.check_starts import check_start_fits
from gains.study.kept import kept_problems
from gains.study.problems import misplaced_paths, missing_inputs_of
from gains.study.study import Study
from gains.support.file_errors import worded
from gains.tables.of_study import table_spec
from gains.tables.validation.of_study import validation_spec


def quick_problems(study: Study, files: Sequence[Path] = ()) -> list[str]:
    """Return a sentence for each problem that can be seen without reading labels.

    Args:
        study: the study.
        files: study files of the command line.
    """
    misplaced = [text for file in files for text in misplaced_paths(study, file)]
    found = [*(misplaced or missing_inputs_of(study)), *kept_problems(study)]
    checks: list[tuple[Callable[[Study, str], object], str]] = [
        *((table_spec, table) for table in study.settings.tables),
        *((validation_spec, table) for table in study.settings.validation_tables),
    ]
    for check, table in checks:
        try:
            check(study, table)
        except ValueError as error:
            found.append(str(error))
    return found


def problems(study: Study, files: Sequence[Path] = ()) -> list[str]:
    """Return a sentence for each problem of a study; the labels of own data sets are read.

    Data sets that must be downloaded first are not read.

    Args:
        study: the study.
        files: study files of the command line.
    """
    found = quick_problems(study, files)
    for name in study.settings.datasets:
        try:
            categories = categories_of(study, name)
        except OSError as error:
            text = worded(error)
            found += [] if any(text.split(":")[0] in said for said in found) else [text]
        except ValueError as error:
            said = str(error)
            whose = f"data set {name!r}: "
            found.append(said if said.startswith(whose) else whose + said)
        else:
            found += [] if categories is None else _of_categories(study, name, categories)
    return list(dict.fromkeys(found))


def categories_of(study: Study, dataset: str) -> dict[int, str] | None:
    """Return the categories of a data set by id, or None if its files are not here yet.

    Raises:
        OSError: a file is missing.
        ValueError: the labels cannot be read, or the study names a category that is not there.
    """
    block, coco = study.dataset(dataset), study.coco(dataset)
    if coco.is_file():
        return dict(read_coco(coco).categories)
    source = block.source or dataset
    fetched = fetched_folder(source, block.options)
    if dataset in study.without_images or (fetched and not Path("data/raw", fetched).is_dir()):
        return None
    options = check_options(source, block.options)
    categories = DATASETS.get(source).make(options, Findings()).categories
    kept = block.categories or tuple(categories.values())
    return kept_categories(f"data set {dataset!r}", categories, kept)


def _of_subsets(study: Study, dataset: str, categories: dict[int, str]) -> Iterator[str]:
    """Yield which classes of the tables the data set lacks."""
    for table, settings in study.settings.tables.items():
        for subset in settings.subsets if dataset in study.table_datasets(table) else ():
            try:
                if subset not in (AVERAGE, TARGET):
                    class_named(subset, categories.values())
            except ValueError as error:
                yield f"table {table!r}, data set {dataset!r}: {error}"


def _of_categories(study: Study, dataset: str, categories: dict[int, str]) -> Iterator[str]:
    """Yield what maps, figures and methods refuse about the categories of a data set."""
    known = ", ".join(f"{number} ({name})" for number, name in sorted(categories.items()))
    runs = [run for run in study.trainings() if run.dataset == dataset]
    maps = {s.target_category for run in runs if (s := study.run_settings(run).maps)}
    if any(
        study.settings.figure(name).TARGET and dataset in study.figure_datasets(name)
        for name in study.settings.figures
    ):
        maps.add(study.dataset(dataset).maps.target_category)
    for target in sorted(maps - categories.keys()):
        yield (
            f"data set {dataset!r}: maps.target_category is {target}, but the categories are "
            f"{known}; choose one of them"
        )
    yield from _of_subsets(study, dataset, categories)
    for run in {(run.method, run.variant): run for run in runs}.values():
        try:
            build_method(study.run_settings(run), sorted(categories))
            check_start_fits(study, run, sorted(categories))
        except ValueError as error:
            yield f"{dataset}/{run.method}/{run.variant}: {error}"
