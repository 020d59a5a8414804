"""Records that other packages offer, and modules that nothing imports."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gains.support.plug_ins import PlugIns
from gains.support.registry import Registry


class Thing:
    """Something with a name."""

    def __init__(self, name: str) -> None:
        self.name = name


Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that installs a package of one module, with its entry points."""

    def make(package: str, text: str, **points: str) -> None:
        folder = tmp_path / package
        metadata = folder / f"{package}-1.0.dist-info"
        metadata.mkdir(parents=True)
        (folder / f"{package}.py").write_text(text)
        (metadata / "METADATA").write_text(f"Name: {package}\nVersion: 1.0\n")
        lines = [f"{name} = {value}" for name, value in points.items()]
        (metadata / "entry_points.txt").write_text("\n".join(["[things]", *lines]))
        monkeypatch.syspath_prepend(folder)
        monkeypatch.delitem(sys.modules, package, raising=False)

    return make


def things(*own: str) -> Registry[Thing]:
    registry: Registry[Thing] = Registry("thing", plug_ins=PlugIns("things", Thing))
    for name in own:
        registry.register(Thing(name))
    return registry


GOOD = f"from {__name__} import Thing\nA = Thing('a')\nB = Thing('b')"


def test_a_record_of_another_package_is_imported_when_it_is_asked_for(install: Install) -> None:
    install("offers_things", GOOD, a="offers_things:A", b="offers_things:B")
    registry = things("own")
    assert registry.names() == ["own", "a", "b"]
    assert registry.get("own").name == "own"
    assert "offers_things" not in sys.modules
    assert registry.get("a").name == "a"
    assert registry.get("a") is registry.get("a")
    assert [thing.name for thing in registry] == ["own", "a", "b"]
    assert [registry.origin(name) for name in ("own", "a")] == ["", "offers_things 1.0"]


def test_a_package_that_cannot_be_imported_disturbs_only_who_asks_for_it(install: Install) -> None:
    install("broken_things", "import no_such_module", c="broken_things:C")
    install("offers_things", GOOD, a="offers_things:A")
    registry = things("own")
    assert [thing.name for thing in registry] == ["own", "a"]
    message = (
        "thing 'c' of the package broken_things 1.0 cannot be imported from 'broken_things:C' "
        r"\(ModuleNotFoundError: No module named 'no_such_module'\)"
    )
    with pytest.raises(ValueError, match=message):
        registry.get("c")
    assert list(registry.refused()) == ["c"]


def test_a_name_of_ours_stays_ours_and_a_name_of_two_packages_is_refused(
    install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    install("offers_things", GOOD, a="offers_things:A", b="offers_things:B")
    install("more_things", GOOD, b="more_things:B")
    registry = things("a")
    own = registry.own()[0]
    assert registry.get("a") is registry.get("a") is own
    assert registry.origin("a") == ""
    clash = "thing 'a' of the package offers_things 1.0 is not used, because a thing of this"
    assert len(caplog.records) == 1
    assert caplog.messages[0].startswith(clash)
    assert registry.refused()["a"].startswith(clash)
    with pytest.raises(ValueError, match=r"more_things 1\.0 and offers_things 1\.0: 2 packages"):
        registry.get("b")
    assert [thing.name for thing in registry] == ["a"]


@pytest.mark.parametrize(
    ("value", "what"), [("A", "a Thing with the name 'a'"), ("Thing", "a type"), ("NONE", "a int")]
)
def test_an_object_that_is_not_the_record_is_refused(
    install: Install, value: str, what: str
) -> None:
    install("offers_things", f"{GOOD}\nNONE = 3", c=f"offers_things:{value}")
    with pytest.raises(ValueError, match=rf"is {what}; expected a Thing with the name 'c'"):
        things().get("c")


def test_a_module_that_nothing_imports_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "shelf"
    (folder / "deep").mkdir(parents=True)
    (folder / "__init__.py").write_text("from shelf import deep")
    (folder / "mine.py").write_text("THINGS.register(Thing(name=NAME))")
    (folder / "deep/__init__.py").write_text("")
    (folder / "deep/record.py").write_text("THINGS.register(Thing('my-own'))")
    (folder / "helper.py").write_text("'helper'")
    monkeypatch.syspath_prepend(tmp_path)
    import shelf  # type: ignore[import-not-found] # noqa: F401

    registry: Registry[Thing] = Registry("thing", "shelf")
    mine = f"unknown thing 'mine': the file {folder}/mine.py exists, but nothing imports it; add "
    with pytest.raises(ValueError, match="unknown thing") as found:
        registry.get("mine")
    assert str(found.value) == f"{mine}the line `from shelf import mine` to {folder}/__init__.py"
    with pytest.raises(ValueError, match=r"add the line `from shelf.deep import record` to .*deep"):
        registry.get("my-own")
    with pytest.raises(ValueError, match="unknown thing 'helper'; known: $"):
        registry.get("helper")
    for name in [name for name in sys.modules if name.split(".")[0] == "shelf"]:
        monkeypatch.delitem(sys.modules, name)
