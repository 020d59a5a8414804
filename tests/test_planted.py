"""The table of planted mistakes names tests that exist."""

from __future__ import annotations

import re

from helpers.paths import ROOT

TESTS = ROOT / "tests"


def test_every_test_in_the_table_of_planted_mistakes_exists() -> None:
    named = set(re.findall(r"`(test_\w+)::(test_\w+)`", (TESTS / "README.md").read_text()))
    assert len(named) > 50
    defined = {
        (path.stem, name)
        for path in TESTS.rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)\(", path.read_text())
    }
    assert named - defined == set()
