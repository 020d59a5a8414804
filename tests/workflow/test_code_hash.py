"""The hash of a step's code."""

from __future__ import annotations

from pathlib import Path

import pytest

from gains.methods import METHODS
from gains.workflow import code_hash as codehash
from gains.workflow.code_hash import Sources
from helpers.paths import ROOT

TOY = {
    "__init__.py": '"""The package."""\n',
    "files.py": "def read():\n    return 1\n",
    "registry.py": "KNOWN = []\n",
    "train.py": (
        '"""Train."""\nfrom toy.files import read\nfrom toy.methods import ALL\n\n\n'
        'def run():\n    """Run."""\n    from toy import loop  # late\n    return loop, read, ALL\n'
    ),
    "loop.py": 'import toy.files\n\nSTEPS = 3\n"""Number of steps."""\n',
    "methods/__init__.py": "from toy.methods import alpha, beta\n\nALL = [alpha, beta]\n",
    "methods/alpha.py": "from ..registry import KNOWN\n\nA = 1\n",
    "methods/beta/__init__.py": "from . import settings\n\nB = settings.S\n",
    "methods/beta/settings.py": "S = 1\n",
    "methods/beta/model.py": "M = 1\n",
}
LEFT_OUT = frozenset({"toy.methods", "toy.registry"})


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    for name, text in TOY.items():
        path = tmp_path / "toy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def hashes(root: Path) -> dict[str, str]:
    sources = Sources(root, "toy", LEFT_OUT)
    return {name: sources.hash("toy.train", f"toy.methods.{name}") for name in ("alpha", "beta")}


def test_closure_follows_imports_and_leaves_out_registries(toy: Path) -> None:
    sources = Sources(toy, "toy", LEFT_OUT)
    assert sources.closure("toy.train") == ["toy", "toy.files", "toy.loop", "toy.train"]
    assert sources.closure("toy.methods.alpha") == ["toy", "toy.methods.alpha"]
    assert "toy.methods.alpha" in Sources(toy, "toy").closure("toy.train")


def test_a_package_stands_for_its_modules(toy: Path) -> None:
    assert Sources(toy, "toy", LEFT_OUT).closure("toy.methods.beta") == [
        "toy",
        "toy.methods.beta",
        "toy.methods.beta.model",
        "toy.methods.beta.settings",
    ]


def test_misspelt_module_is_an_error(toy: Path) -> None:
    with pytest.raises(ImportError, match="toy.trian"):
        Sources(toy, "toy").hash("toy.trian")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("train.py", '"""Train."""', '"""Train a method.\n\nWith care.\n"""'),
        ("train.py", '"""Run."""', '"""Run it."""'),
        ("train.py", "  # late", ""),
        ("loop.py", "STEPS = 3\n", "\n\n# three\nSTEPS = 3  # steps   \n\n"),
        ("loop.py", '"""Number of steps."""', '"""Steps\nof the loop."""  # their number'),
        ("loop.py", '"""Number of steps."""\n', ""),
        ("methods/__init__.py", "beta]", "beta, beta]"),
        ("registry.py", "[]", "[1]"),
    ],
)
def test_a_change_of_prose_or_of_a_registry_does_not_count(
    toy: Path, name: str, old: str, new: str
) -> None:
    before = hashes(toy)
    path = toy / "toy" / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert hashes(toy) == before


@pytest.mark.parametrize(
    ("name", "old", "new", "changed"),
    [
        ("methods/alpha.py", "A = 1", "A = 2", {"alpha"}),
        ("methods/beta/model.py", "M = 1", "M = 2", {"beta"}),
        ("loop.py", "STEPS = 3", "STEPS = 4", {"alpha", "beta"}),
        ("loop.py", '"""Number of steps."""', 'TEXT = """Number of steps."""', {"alpha", "beta"}),
        ("files.py", "    return 1", "    x = '# no comment'\n    return x", {"alpha", "beta"}),
        ("train.py", '    """Run."""', '    print("""Run.""")', {"alpha", "beta"}),
    ],
)
def test_a_change_of_code_counts_for_the_methods_that_run_it(
    toy: Path, name: str, old: str, new: str, changed: set[str]
) -> None:
    before = hashes(toy)
    path = toy / "toy" / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    after = hashes(toy)
    assert {method for method in after if after[method] != before[method]} == changed


def test_a_hash_sign_in_text_is_no_comment(toy: Path) -> None:
    sources = Sources(toy, "toy")
    (toy / "toy" / "loop.py").write_text('X = "a # b"\nY = """\n# c\n"""\n')
    assert sources.normal("toy.loop") == b'X = "a # b"\nY = """\n# c\n"""'


def test_only_a_string_that_stands_alone_in_its_lines_is_left_out(toy: Path) -> None:
    (toy / "toy" / "loop.py").write_text(
        'X = 1\n"""ü""" \nif X:\n    "a"; X = 2\n    ("b"\n     "c")  # d\n    f"{X}"\n    b"e"\n'
    )
    expected = b'X = 1\nif X:\n    "a"; X = 2\n    f"{X}"\n    b"e"'
    assert Sources(toy, "toy").normal("toy.loop") == expected


def test_no_method_runs_another() -> None:
    for method in METHODS:
        modules = codehash.closure("gains.training.train", method.build.__module__)
        others = {other.build.__module__ for other in METHODS if other is not method}
        assert not others & set(modules), f"{method.name} runs another method's module"


def test_later_steps_do_not_reach_into_training() -> None:
    training = codehash.closure("gains.training.train")
    assert not {"gains.scoring", "gains.tables"} & set(training)
    scoring = codehash.closure("gains.scoring.score")
    assert not [name for name in scoring if name.startswith(("gains.training", "gains.detection"))]


def test_modules_that_are_left_out_exist() -> None:
    sources = Sources(ROOT / "src", "gains")
    assert [module for module in codehash.LEFT_OUT if sources.file(module) is None] == []


def test_relative_imports_of_a_package_and_of_a_module(toy: Path) -> None:
    sources = Sources(toy, "toy")
    assert sources.imports("toy.methods.beta") == {"toy.methods.beta", "toy.methods.beta.settings"}
    assert sources.imports("toy.methods.alpha") == {"toy.registry"}
