"""Writing of the page docs/config.md from the models that check the config file."""

from __future__ import annotations

from collections.abc import Sequence
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gains.config.augmentation import TRANSFORMS
from gains.config.clusters import ClusterSettings
from gains.config.data import DatasetSettings, SplitSettings
from gains.config.figures import FigureBlocks
from gains.config.file import Config
from gains.config.maps import MapSettings
from gains.config.methods import MethodSettings, VariantSettings
from gains.config.recipe import RecipeSettings, StartSettings
from gains.config.study import StudySettings
from gains.config.tables import RowSettings, TableSettings
from gains.config.validation_tables import ValidationRowSettings, ValidationTableSettings
from gains.datasets.catalogue import DATASETS
from gains.detection.settings import TwoStageSettings
from gains.methods import METHODS, Method

_SECTIONS: tuple[tuple[str, type[BaseModel], str], ...] = (
    ("Top level", Config, "The file `config.yaml`."),
    ("Study", StudySettings, "A block under `studies`; its name is a folder name."),
    ("Data set", DatasetSettings, "A block under `datasets`; its name is a file name."),
    ("Split", SplitSettings, "`datasets.<name>.split`"),
    ("Anomaly maps", MapSettings, "`datasets.<name>.maps`"),
    ("Recipe", RecipeSettings, "`recipe`; changed per data set, method and variant."),
    ("Start of a training", StartSettings, "`recipe.start_from`, if it is not a path."),
    ("Clusters", ClusterSettings, "`recipe.clusters`"),
    ("Method of a study", MethodSettings, "`methods.<method>`"),
    ("Variant", VariantSettings, "`variants.<method>.<variant>`"),
    ("Table", TableSettings, "`tables.<name>`"),
    ("Table row", RowSettings, "An entry of `tables.<name>.rows`."),
    ("Table of validations", ValidationTableSettings, "`validation_tables.<name>`"),
    (
        "Row of a table of validations",
        ValidationRowSettings,
        "An entry of `validation_tables.<name>.rows`.",
    ),
)
_BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
_INTRODUCTION = """\
# The config file

`gains config reference --out docs/config.md` writes this page from the models that check the file.
A misspelt key is refused, and the message names the nearest known key. A key that was renamed is
refused with its new name.

The settings of a run are merged from five layers: the defaults of the method; `detector` and
`recipe` of the study; `detector` and `recipe` of the data set; the block of the method under
`methods`; and the variant. Later layers override earlier ones. `gains config show` prints the
result.

`config.yaml` holds the study in force and the studies `demo` and `paper`. Every further study is a
file `studies/<name>.yaml` with the block `studies: {<name>: ...}`; the file has the name of its
study. Choose a study with `--config study=<name>` (the workflow) or `--study <name>` (`gains`).
If your file is in another place, name it with `--configfile <file>` (the workflow) or
`--config <file>` (`gains`). It has the same form. For the workflow, a top-level key `study` in it
chooses the study. The verbs of `gains` also read the folder `studies` beside this file.

The command line can change a committed study only together with `--config label=<label>`. Its
results then get folders of their own, `data/<name>+<label>` and `results/<name>+<label>`.
"""


def reference() -> str:
    """Return every key with its type, range, default and meaning, as Markdown.

    Methods of other packages are left out, so that the text does not depend on what is installed.
    """
    parts = [_INTRODUCTION]
    parts += [_section(title, model, text) for title, model, text in _SECTIONS]
    parts += _figures()
    parts += [_transform(name, model) for name, model in TRANSFORMS.items()]
    text = (
        "Keys of `detector` that most methods share. The section of a method lists the keys that "
        "it adds or changes."
    )
    parts.append(_section("Two-stage detectors", TwoStageSettings, text))
    parts += [_method(method) for method in METHODS.own()]
    nested: dict[tuple[str, type[BaseModel]], list[str]] = {}
    for method in METHODS.own():
        for key in _nested(method.settings):
            nested.setdefault(key, []).append(method.title)
    for (name, kind), titles in nested.items():
        owner = f" of {titles[0]}" if len(titles) == 1 else ""
        parts.append(_section(f"Block `{name}`{owner}", kind, f"`detector.{name}`"))
    for dataset in DATASETS:
        title = f"Options of data set `{dataset.name}`"
        parts.append(_section(title, dataset.settings, f"{dataset.title}. `options`"))
    return "\n".join(parts)


def _figures() -> list[str]:
    """Return the sections of the blocks of figures; figures with the same keys share a section."""
    names: dict[type[BaseModel], list[str]] = {}
    for name, info in FigureBlocks.model_fields.items():
        model = next(kind for kind in get_args(info.annotation) if issubclass(kind, BaseModel))
        names.setdefault(model, []).append(f"`{name}`")
    return [
        _section(f"Figure {', '.join(found)}", model, (model.__doc__ or "").strip())
        for model, found in names.items()
    ]


def _transform(name: str, model: type[BaseModel]) -> str:
    text = f"{(model.__doc__ or '').strip()} An entry of `recipe.augmentations`."
    return _section(f"Augmentation `{name}`", model, text)


def _method(method: Method) -> str:
    variants = ", ".join(f"`{name}`" for name in ("default", *method.variants))
    text = f"{method.title} ({method.citation}). Built-in variants: {variants}."
    shared = TwoStageSettings.model_fields
    if not issubclass(method.settings, TwoStageSettings):
        return _section(f"Method `{method.name}`", method.settings, text)
    own = {
        name: info
        for name, info in method.settings.model_fields.items()
        if name not in shared or repr(info) != repr(shared[name])
    }
    if not own:
        return f"## Method `{method.name}`\n\n{text} All keys are those of two-stage detectors.\n"
    text += " These keys are additional to those of two-stage detectors, or differ from them:"
    return _section(f"Method `{method.name}`", method.settings, text, list(own))


def _section(
    title: str, model: type[BaseModel], text: str, names: Sequence[str] | None = None
) -> str:
    lines = [f"## {title}", "", text, ""]
    lines += ["| key | type and range | default | meaning |", "|---|---|---|---|"]
    for name in model.model_fields if names is None else names:
        info = model.model_fields[name]
        default = "required" if info.is_required() else f"`{_default(info)}`"
        meaning = _cell(info.description or "")
        lines.append(f"| `{name}` | {_cell(_kind(info))} | {default} | {meaning} |")
    return "\n".join(lines) + "\n"


def _nested(model: type[BaseModel]) -> list[tuple[str, type[BaseModel]]]:
    found = []
    for name, info in model.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found.append((name, kind))
    return found


def _kind(info: FieldInfo) -> str:
    text = _type(info.annotation)
    bounds = [
        f"{sign} {getattr(rule, name):g}"
        for rule in info.metadata
        for name, sign in _BOUNDS.items()
        if getattr(rule, name, None) is not None
    ]
    return ", ".join([f"`{text}`", *bounds, *_length(info)])


def _length(info: FieldInfo) -> list[str]:
    """Return the permitted number of values as text, or nothing if every number is permitted."""
    least = next((r.min_length for r in info.metadata if hasattr(r, "min_length")), None)
    most = next((r.max_length for r in info.metadata if hasattr(r, "max_length")), None)
    if least is not None and least == most:
        return [f"exactly {least} values"]
    limits = {"at least": least, "at most": most}
    return [f"{text} {number}" for text, number in limits.items() if number is not None]


def _type(kind: Any) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _type(inner[0])
    if origin is Literal:
        return " | ".join(map(str, inner))
    if origin in (Union, UnionType):
        return " | ".join(_type(part) for part in inner)
    if origin is not None:
        parts = ", ".join("..." if part is Ellipsis else _type(part) for part in inner)
        return f"{origin.__name__}[{parts}]"
    return "none" if kind is type(None) else getattr(kind, "__name__", str(kind))


def _default(info: FieldInfo) -> str:
    value: Any = info.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return "the section's defaults"
    return str(list(value)) if isinstance(value, tuple) else str(value)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
