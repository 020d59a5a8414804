"""Settings as files: named by their content, written once, read with checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from gains.config.base import Settings
from gains.config.settings_file import read_settings, sweep_settings, write_settings


class Example(Settings):
    """Two settings."""

    title: str
    limit: float | None = None


def test_settings_come_back_from_their_file(tmp_path: Path) -> None:
    settings = Example(title="ä |", limit=None)
    path = write_settings(tmp_path / "new", "example", settings)
    assert read_settings(Example, path) == settings


def test_equal_settings_leave_the_file_untouched_and_others_get_another(tmp_path: Path) -> None:
    path = write_settings(tmp_path, "example", Example(title="a"))
    before = path.stat().st_mtime_ns
    assert write_settings(tmp_path, "example", Example(title="a", limit=None)) == path
    assert path.stat().st_mtime_ns == before
    other = write_settings(tmp_path, "example", Example(title="b"))
    assert other != path
    assert read_settings(Example, path).title == "a"


def test_a_file_that_was_changed_is_written_again(tmp_path: Path) -> None:
    path = write_settings(tmp_path, "example", Example(title="a"))
    path.write_text(path.read_text().replace('"a"', '"b"'))
    assert write_settings(tmp_path, "example", Example(title="a")) == path
    assert read_settings(Example, path).title == "a"


def test_settings_that_nobody_names_are_swept(tmp_path: Path) -> None:
    kept = write_settings(tmp_path, "a", {"b": 1, "a": 2})
    assert write_settings(tmp_path, "a", {"a": 2, "b": 1}) == kept
    other = write_settings(tmp_path, "a", {"a": 3})
    sweep_settings(tmp_path, [str(kept)])
    assert kept.is_file()
    assert not other.exists()
    sweep_settings(tmp_path / "absent", [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"titel": "a"}', "unknown key 'titel'; did you mean 'title'"),
        ('{"title": 3}', r"\.title: .*string"),
        ('{"title": "a"', "example.json: expected complete JSON"),
    ],
)
def test_wrong_files_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "example.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        read_settings(Example, path)
    assert str(path) in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_settings(Example, tmp_path / "example.json")
