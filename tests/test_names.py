"""No public class or function of the package has a name that another one has."""

from __future__ import annotations

import ast
from collections import defaultdict

from helpers.paths import ROOT

TWINS = {
    "build": "gains.methods",  # each method builds its model
    "make": "gains.datasets.catalogue",  # each data set makes its scenes
    "draw": "gains.figures",  # each figure draws itself
}
"""Names that several modules of one room have on purpose."""

PACKAGE = ROOT / "src" / "gains"


def is_verb(node: ast.ClassDef | ast.FunctionDef) -> bool:
    """Return whether the command line calls a function; it may have the name of what it calls."""
    return any(".command(" in ast.unparse(decorator) for decorator in node.decorator_list)


def public_names() -> dict[str, list[str]]:
    """Return the modules below ``gains`` that define each public class or function, but no verb."""
    modules = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(("gains", *path.relative_to(PACKAGE).with_suffix("").parts))
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not is_verb(node):
                modules[node.name].append(module)
    return {name: found for name, found in modules.items() if not name.startswith("_")}


def test_a_name_has_one_meaning() -> None:
    repeated = {name: modules for name, modules in public_names().items() if len(modules) > 1}
    for name, room in TWINS.items():
        assert all(module.startswith(f"{room}.") for module in repeated.pop(name))
    assert repeated == {}, "rename all but one of each"
