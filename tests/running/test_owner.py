"""Results belong to one study file."""

from __future__ import annotations

from pathlib import Path

import pytest

from gains.running.owner import NAME, claim, require_owner


def study_file(path: Path, study: str = "mine") -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"studies: {{{study}: {{}}}}\n")
    return path


def test_another_file_cannot_replace_the_results_of_a_study(tmp_path: Path) -> None:
    results = tmp_path / "results/mine"
    first, second = study_file(tmp_path / "a/mine.yaml"), study_file(tmp_path / "b/mine.yaml")
    require_owner(results, "mine", second)  # nothing is there
    claim(results, "mine", first)
    claim(results, "mine", first)
    (tmp_path / "link.yaml").symlink_to(first)
    claim(results, "mine", tmp_path / "link.yaml")
    with pytest.raises(ValueError, match=r"which those of .*b/mine.yaml would replace"):
        claim(results, "mine", second)
    assert (results / NAME).read_text() == f"{tmp_path / 'link.yaml'}\n"


def test_a_file_that_is_gone_or_holds_another_study_owns_nothing(tmp_path: Path) -> None:
    results = tmp_path / "results/mine"
    first, second = study_file(tmp_path / "a/mine.yaml"), study_file(tmp_path / "b/mine.yaml")
    claim(results, "mine", first)
    study_file(first, "other")
    claim(results, "mine", second)
    second.unlink()
    claim(results, "mine", first)
    assert (results / NAME).read_text() == f"{first}\n"
