"""A hash of the code of a step: of the modules that it runs, and of all modules that these import.

A workflow knows the files that a step reads, but not the modules that it imports. With this hash as
a parameter, a change of code reruns the steps that run it. Comments and blank lines do not count,
nor do statements that are only a string: docstrings, and descriptions below constants.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import io
import tokenize
from pathlib import Path

from gains.support.files import settings_hash, sha256

CONFIG_SECTIONS = (
    "augmentation",
    "clusters",
    "data",
    "figure_kinds",
    "figures",
    "file",
    "maps",
    "methods",
    "prediction",
    "recipe",
    "study",
    "tables",
    "validation_tables",
)
LEFT_OUT = frozenset(
    {
        # These modules fill registries. A step names the module of its own method or data set
        # instead, so that editing one method reruns that method only.
        "gains.support.registry",
        "gains.support.plug_ins",
        "gains.methods",
        "gains.datasets.catalogue",
        "gains.datasets.catalogue.isbi2014",
        "gains.datasets.catalogue.synthetic",
        "gains.figures",
        "gains.published.papers",
        # Settings reach a step through its parameters, after defaults are merged.
        # ``gains.config.base`` counts, since it decides what is refused.
        *(f"gains.config.{section}" for section in CONFIG_SECTIONS),
        "gains.study.opening",
        "gains.study.study",
        "gains.study.runs",
        # This module names and checks the files of initial weights, which are inputs of a step.
        "gains.models.imagenet",
        # No result depends on the display of progress, the division of work among processes, or
        # the times of checkpoints.
        "gains.support.progress",
        "gains.support.parallel",
        "gains.training.checkpoint_timer",
    }
)


class Sources:
    """The modules of one package, and the modules of this package that they import.

    A module of another package is followed too, to the modules of its own package and of this one.

    Args:
        root: folder that holds the package.
        package: its name.
        left_out: modules that are not followed and do not count.
    """

    def __init__(self, root: Path, package: str, left_out: frozenset[str] = frozenset()) -> None:
        self.root = root
        self.package = package
        self._roots = {package: root}
        self.left_out = left_out
        self._texts: dict[str, str] = {}
        self._imports: dict[str, frozenset[str]] = {}
        self._normal: dict[str, bytes] = {}

    def _root(self, module: str) -> Path:
        """Return the folder that holds the package of a module.

        Raises:
            ImportError: the package is not installed.
        """
        package = module.split(".")[0]
        if package not in self._roots:
            spec = importlib.util.find_spec(package)
            places = [] if spec is None else list(spec.submodule_search_locations or ())
            file = None if spec is None else spec.origin
            if not places and file is None:
                raise ImportError(f"{package}: no such package is installed")
            self._roots[package] = Path(places[0] if places else str(file)).parent
        return self._roots[package]

    def file(self, module: str) -> Path | None:
        """Return the file of a module or of a package's ``__init__``, or None."""
        base = self._root(module).joinpath(*module.split("."))
        candidates = (base.with_name(base.name + ".py"), base / "__init__.py")
        return next((path for path in candidates if path.is_file()), None)

    def text(self, module: str) -> str:
        """Return a module's source.

        Raises:
            ImportError: the package has no such module.
        """
        if module not in self._texts:
            path = self.file(module)
            if path is None:
                raise ImportError(
                    f"{module}: no such module below {self._root(module)}; is it misspelt?"
                )
            with tokenize.open(path) as file:
                self._texts[module] = file.read()
        return self._texts[module]

    def imports(self, module: str) -> frozenset[str]:
        """Return the modules of this and of its own package that a module names in imports.

        Imports inside functions count; ``gains.a.b`` also names ``gains.a`` (its ``__init__``).
        """
        if module not in self._imports:
            self._parse(module)
        return self._imports[module]

    def _base(self, module: str, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = module.split(".")
        path = self.file(module)
        is_package = path is not None and path.name == "__init__.py"
        kept = parts[: len(parts) - node.level + is_package]
        return ".".join([*kept, node.module] if node.module else kept)

    def closure(self, *modules: str) -> list[str]:
        """Return ``modules`` and all they import, directly or not, sorted by name.

        A package among ``modules`` stands for every module inside it.

        Raises:
            ImportError: one of them does not exist.
        """
        todo = [name for module in modules for name in self._with_submodules(module)]
        seen: set[str] = set()
        while todo:
            module = todo.pop()
            if module in seen or module in self.left_out:
                continue
            seen.add(module)
            parts = module.split(".")
            todo += [".".join(parts[:i]) for i in range(1, len(parts))]
            todo += self.imports(module)
        return sorted(seen)

    def _with_submodules(self, module: str) -> list[str]:
        root = self._root(module)
        folder = root.joinpath(*module.split("."))
        if not folder.is_dir():
            return [module]
        files = [path.relative_to(root).with_suffix("") for path in folder.rglob("*.py")]
        return [".".join(path.parts).removesuffix(".__init__") for path in files]

    def normal(self, module: str) -> bytes:
        """Return a module's source without comments, documentation and blank space."""
        if module not in self._normal:
            self._parse(module)
        return self._normal[module]

    def _parse(self, module: str) -> None:
        """Find the imports and the normal source of a module in one pass, since parsing is slow."""
        text = self.text(module)
        named: set[str] = set()
        lines = text.splitlines()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                base = self._base(module, node)
                named |= {base} | {f"{base}.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.Expr):
                _blank_string(node, lines)
        _cut_comments(text, lines)
        kept = (line.rstrip() for line in lines)
        self._normal[module] = "\n".join(line for line in kept if line).encode()
        followed = {self.package, module.split(".")[0]}
        self._imports[module] = frozenset(
            name for name in named if name.split(".")[0] in followed and self.file(name)
        )

    def hash(self, *modules: str) -> str:
        """Return 16 hexadecimal digits that change with the code ``modules`` run."""
        digest = hashlib.sha256()
        for module in self.closure(*modules):
            digest.update(module.encode() + b"\0" + self.normal(module) + b"\0")
        return digest.hexdigest()[:16]


def _cut_comments(text: str, lines: list[str]) -> None:
    """Cut the comments off the lines of a text; some of the lines may be empty already."""
    if not any("#" in line for line in lines):
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        row, column = token.start
        if token.type == tokenize.COMMENT and lines[row - 1]:
            lines[row - 1] = lines[row - 1][:column]


def _blank_string(node: ast.Expr, lines: list[str]) -> None:
    """Empty the lines of a statement that is only a string, unless other code stands there too."""
    if not isinstance(node.value, ast.Constant) or not isinstance(node.value.value, str):
        return
    if node.end_lineno is None:
        return
    first, last = node.lineno - 1, node.end_lineno - 1
    # offsets count bytes; what stands before and after the string must be blank or a comment
    before = lines[first].encode()[: node.col_offset]
    after = lines[last].encode()[node.end_col_offset :].strip()
    if not before.strip() and not after.split(b"#")[0]:
        lines[first : last + 1] = [""] * (last + 1 - first)


_GAINS = Sources(Path(__file__).resolve().parents[2], "gains", LEFT_OUT)


def code_hash(*modules: str) -> str:
    """Return the hash of the code that ``modules`` run, of this package or of another one.

    Raises:
        ImportError: there is no such module.
    """
    return _GAINS.hash(*modules)


def published_hash() -> str:
    """Return a hash of the published numbers, which are data files of this package."""
    files = sorted((_GAINS.root / "gains/published").glob("*.csv"))
    return settings_hash([sha256(file) for file in files])


def templates_hash() -> str:
    """Return a hash of the templates and citations of reports, which are no modules."""
    folder = _GAINS.root / "gains"
    files = [*sorted((folder / "report/templates").iterdir()), folder / "published/references.bib"]
    return settings_hash([sha256(file) for file in files])


def closure(*modules: str) -> list[str]:
    """Return the modules that :func:`code_hash` hashes."""
    return _GAINS.closure(*modules)
