"""Of two calls that write the same file, only the later one may do so."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from gains.support import claims
from gains.support.claims import SupersededError, claimed, require_claim
from gains.support.files import atomic_path, withdraw, write_json, write_text

MESSAGE = "another call that writes this file started later, so this one ends here"


def as_another_process(claim: Path, content: str, *files: Path) -> None:
    """Claim each file and write it, or write one file under a claim on another path."""
    code = (
        "import sys; from gains.support.claims import claimed\n"
        "from gains.support.files import write_text\n"
        "for file in sys.argv[3:]:\n"
        "    with claimed(sys.argv[1] or file): write_text(file, sys.argv[2])"
    )
    command = [sys.executable, "-c", code, "" if len(files) > 1 else str(claim), content]
    subprocess.run([*command, *map(str, files or [claim])], check=True)


@pytest.mark.parametrize("written", ["x.json", "x.zip", "deeper/x.txt"])
def test_an_older_call_does_not_write_over_a_later_one(tmp_path: Path, written: str) -> None:
    out, file = tmp_path / "x.json", tmp_path / written
    claim = out if file.parent == tmp_path else tmp_path / "deeper"
    with pytest.raises(SupersededError, match=MESSAGE), claimed(claim):
        as_another_process(claim, "new", file)
        write_text(file, "old")
    assert file.read_text() == "new"
    assert sorted(p.name for p in tmp_path.iterdir()) == [Path(written).parts[0]]


@pytest.mark.parametrize("during", ["before the rename", "after it was written"])
def test_an_older_call_that_has_begun_to_write_ends_too(tmp_path: Path, during: str) -> None:
    out = tmp_path / "x.json"
    with pytest.raises(SupersededError, match=MESSAGE), claimed(out), atomic_path(out) as temporary:
        if during == "after it was written":
            temporary.write_text("old")
        as_another_process(out, "new")
        if during == "before the rename":
            temporary.write_text("old")
    assert out.read_text() == "new"
    assert list(tmp_path.iterdir()) == [out]


def test_an_older_call_does_not_remove_what_a_later_one_wrote(tmp_path: Path) -> None:
    out = tmp_path / "x.json"
    with pytest.raises(SupersededError, match=MESSAGE), claimed(out):
        as_another_process(out, "new")
        with pytest.raises(SupersededError):
            require_claim(out)
        withdraw(out)
    assert out.read_text() == "new"


def test_calls_with_other_outputs_in_the_folder_do_not_disturb_each_other(tmp_path: Path) -> None:
    names = ["x.json", "x", "a-x.json", "x.json.gz", "y" * 240, "z" + "y" * 239]
    for name in names:
        with claimed(tmp_path / name):
            others = [tmp_path / other for other in names if other != name]
            as_another_process(tmp_path, "theirs", *others)
            write_text(tmp_path / name, "mine")
            require_claim(tmp_path / name)
        assert (tmp_path / name).read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names)


def test_a_killed_call_leaves_nothing_after_the_next_one(tmp_path: Path) -> None:
    out = tmp_path / "x.json"
    code = (
        "import os, sys; from gains.support.claims import claimed\n"
        "from gains.support.files import atomic_path\n"
        "with claimed(sys.argv[1]), atomic_path(sys.argv[1]) as file:\n"
        "    file.write_text('half'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(out)], check=False)
    (tmp_path / ".tmp-abcd_123x.json").write_text("of a call that claimed nothing")
    (tmp_path / ".tmp-abcd_123y.json").write_text("of another output")
    assert len(list(tmp_path.iterdir())) == 3
    with claimed(out):
        write_json(out, {})
    assert sorted(p.name for p in tmp_path.iterdir()) == [".tmp-abcd_123y.json", "x.json"]


def test_of_calls_that_start_at_the_same_time_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of the two sees the other before it has made its claim."""
    out = tmp_path / "x.json"
    monkeypatch.setattr(claims, "remove_temporaries", lambda *_: None)
    wins = []
    for letter in "0z":
        rival = tmp_path / f".tmp-{letter * 8}x.json"
        rival.mkdir()
        with claimed(out):
            wins.append(rival.exists())
            if rival.exists():
                with pytest.raises(SupersededError):
                    require_claim(out)
            else:
                require_claim(out)
        assert list(tmp_path.iterdir()) == ([rival] if rival.exists() else [])
    assert wins == [False, True]


def test_a_folder_that_cannot_be_emptied_wins_over_no_claim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network disk keeps files that are open; a folder of another person cannot be emptied."""
    monkeypatch.setattr("shutil.rmtree", lambda *_, **__: None)
    out = tmp_path / "x.json"
    for _ in range(16):
        with claimed(out):
            require_claim(out)


def test_a_folder_holds_its_own_claim_since_it_may_be_another_disk(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / ".tmp-abcd_123out").mkdir()
    with claimed(out):
        write_text(out / "a/x.txt", "text")
        assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert [path.name for path in out.iterdir()] == ["a"]


def test_a_call_that_fails_leaves_no_folder_that_it_made(tmp_path: Path) -> None:
    with pytest.raises(KeyError), claimed(tmp_path / "a/b/x.json"):
        assert (tmp_path / "a/b").is_dir()
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_cannot_be_written_is_refused_at_the_start() -> None:
    with (
        pytest.raises(
            ValueError,
            match=r"^/proc/none/x\.json: cannot be written: no such file or folder; check the path$",
        ),
        claimed("/proc/none/x.json"),
    ):
        raise AssertionError("the work began")


def test_a_claim_inside_another_one_changes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "x.json"
    with claimed(out), claimed(os.path.relpath(out)):
        write_text(out, "text")
    assert list(tmp_path.iterdir()) == [out]


def test_an_error_of_the_call_itself_keeps_its_words(tmp_path: Path) -> None:
    out = tmp_path / "x.json"
    with pytest.raises(FileNotFoundError, match="mine"), claimed(out), atomic_path(out):
        raise FileNotFoundError("mine")


def test_a_call_whose_claim_was_removed_leaves_the_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, later = claims._temporaries, tmp_path / ".tmp-00000000x.json"

    def after_a_later_call(folder: Path, name: str | None) -> list[Path]:
        for own in listed(folder, name):
            own.rmdir()
            later.mkdir()
        return listed(folder, name)

    monkeypatch.setattr(claims, "_temporaries", after_a_later_call)
    with pytest.raises(SupersededError, match=MESSAGE), claimed(tmp_path / "x.json"):
        write_text(tmp_path / "x.json", "old")
    assert [path.name for path in tmp_path.iterdir()] == [later.name]


def test_a_folder_that_another_call_removes_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, out = tempfile.mkdtemp, tmp_path / "new" / "x.json"

    def once_too_late(**options: Any) -> str:
        monkeypatch.setattr(tempfile, "mkdtemp", make)
        out.parent.rmdir()
        return make(**options)

    monkeypatch.setattr(tempfile, "mkdtemp", once_too_late)
    with claimed(out):
        write_text(out, "x")
    assert out.read_text() == "x"
