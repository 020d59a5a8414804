"""Counted laws of CONTRIBUTING.md: sizes, cycles between rooms, names with one meaning."""

from __future__ import annotations

import ast
import statistics
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from helpers.paths import ROOT

SOURCE = ROOT / "src" / "gains"
TREES = {path: ast.parse(path.read_text()) for path in sorted(SOURCE.rglob("*.py"))}


def module_of(path: Path) -> str:
    """Return the dotted name of a file."""
    parts = path.relative_to(ROOT / "src").with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


MODULES = {module_of(path) for path in TREES}


def room_of(module: str) -> str:
    """Return the room of a module, or the module itself if it belongs to no room."""
    return module.split(".")[1] if "." in module else module


def imports_of(tree: ast.Module) -> Iterator[str]:
    """Yield the modules of the project that a file imports, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("gains"):
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)


def lengths() -> list[int]:
    return [len(path.read_text().splitlines()) for path in TREES]


def test_the_hall_is_small() -> None:
    names = {path.stem for path in SOURCE.glob("*.py")} - {"__init__", "__main__"}
    assert len(names) <= 3


def test_no_folder_has_more_than_twenty_files() -> None:
    folders: dict[Path, int] = defaultdict(int)
    for path in TREES:
        folders[path.parent] += 1
    assert {str(folder): count for folder, count in folders.items() if count > 20} == {}


def test_files_are_short() -> None:
    assert statistics.median(lengths()) <= 120
    assert [str(path) for path, n in zip(TREES, lengths(), strict=True) if n > 330] == []


def test_nine_of_ten_functions_have_at_most_26_lines() -> None:
    functions = [
        (node.end_lineno or 0) - node.lineno + 1
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert statistics.quantiles(functions, n=10)[-1] <= 26


def test_untyped_mappings_are_few() -> None:
    lines = [line for path in TREES for line in path.read_text().splitlines()]
    assert sum("dict[str, Any]" in line for line in lines) <= 60


def test_rooms_do_not_import_each_other_in_a_circle() -> None:
    needs: dict[str, set[str]] = defaultdict(set)
    for path, tree in TREES.items():
        room = room_of(module_of(path))
        needs[room] |= {room_of(module) for module in imports_of(tree)} - {room}

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        todo = [start]
        while todo:
            todo += needs[todo.pop()] - seen
            seen.update(todo)
        return seen

    circles = {
        (room, other)
        for room in list(needs)
        for other in needs[room]
        if room in reached(other) and room != other
    }
    assert circles == set()


VERBS = [
    "audit",
    "audit_table",
    "convert",
    "fetch",
    "import_labels",
    "import_predictions",
    "plan",
    "reference",
    "rescore",
]
VERBS += ["run", "score", "train"]
"""A verb of the command line has the name of the one function that does its work."""

ONE_IN_EACH = {
    "build": "gains.methods",  # a model of a method
    "content": "gains.export",  # a file of a format
    "draw": "gains.figures",  # a figure
    "make": "gains.datasets.catalogue",  # the images of a data set
    "verify": "gains.cli",  # `gains data verify` and `gains provenance verify`
}
"""Several modules of one room may define these, but no module of another room."""


def public_names() -> dict[str, list[str]]:
    """Return the modules that define each public class or function, by its name."""
    homes: dict[str, list[str]] = defaultdict(list)
    for path, tree in TREES.items():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(module_of(path))
    return homes


def test_a_public_name_has_one_meaning() -> None:
    twins = {name: homes for name, homes in public_names().items() if len(homes) > 1}
    for name, room in ONE_IN_EACH.items():
        assert [home for home in twins.pop(name) if not home.startswith(room + ".")] == []
    for verb in VERBS:
        assert len([home for home in twins.pop(verb) if not home.startswith("gains.cli.")]) == 1
    assert twins == {}


def code_words(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the names, imports and strings of a file; docstrings are prose and left out."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if id(node) in docstrings:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None) or ""
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Name | ast.Attribute):
            yield node.lineno, node.id if isinstance(node, ast.Name) else node.attr


def test_only_the_room_of_the_workflow_names_its_programs() -> None:
    """The programs are Snakemake and DVC. Docstrings and comments may name them."""
    named = [
        f"{module_of(path)}:{line}: {word}"
        for path, tree in TREES.items()
        if room_of(module_of(path)) != "workflow"
        for line, word in code_words(tree)
        if ("snakemake" in word.lower() or "dvc" in word.lower())
        and not MODULES & {word, f"gains.workflow.{word}"}
    ]
    assert named == []
