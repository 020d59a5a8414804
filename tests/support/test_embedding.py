"""Files of results in Markdown pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from gains.support.embedding import embed_results

TABLE = "## A table\n\n| a |\n|---|\n| 1 |\n\n### Notes\n\n```sh\n# no heading\n```\n"
BEGIN, END = "<!-- results: t.md -->", "<!-- end of results -->"


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.md").write_text(TABLE)


def page(text: str) -> Path:
    path = Path("page.md")
    path.write_bytes(text.encode())
    return path


def test_the_content_stands_below_the_heading_of_its_section() -> None:
    path = page(f"# Page\n\n### Part\n\nText.\n{BEGIN}\nold\n# old\n{END}\nAfter.\n\n## Next\n")
    (place,) = embed_results(path)
    assert (place.line, place.file, place.agrees) == (6, Path("t.md"), False)
    assert path.read_text() == (
        f"# Page\n\n### Part\n\nText.\n{BEGIN}\n\n#### A table\n\n| a |\n|---|\n| 1 |\n\n"
        f"##### Notes\n\n```sh\n# no heading\n```\n\n{END}\nAfter.\n\n## Next\n"
    )
    before = path.stat().st_mtime_ns
    (place,) = embed_results(path)
    assert place.agrees
    assert path.stat().st_mtime_ns == before


def test_the_rest_of_a_page_keeps_its_bytes() -> None:
    before, after = "a\r\n\r\n\u2028b  \n\x0c", "\r\nlast line without end"
    path = page(f"{before}\n{BEGIN}\n{END}{after}")
    embed_results(path)
    content = path.read_bytes().decode()
    assert content.startswith(f"{before}\n{BEGIN}\n\n## A table\n")
    assert content.endswith(f"\n{END}{after}")


def test_the_table_alone() -> None:
    begin = "<!-- results: t.md, table only -->"
    path = page(f"{begin}\n{END}\n")
    embed_results(path)
    assert path.read_text() == f"{begin}\n\n| a |\n|---|\n| 1 |\n\n{END}\n"
    Path("t.md").write_text("no table\n")
    with pytest.raises(ValueError, match=r"t.md: holds no table; leave `, table only` out"):
        embed_results(path)


def test_a_page_shows_several_files_and_code_is_left_alone() -> None:
    Path("u.md").write_text("u\n")
    code = f"```html\n{BEGIN}\n```\n"
    path = page(f"{code}\n{BEGIN}\n{END}\n\n<!-- results: u.md -->\n{END}\n<!-- end -->\n")
    assert [str(place.file) for place in embed_results(path)] == ["t.md", "u.md"]
    assert path.read_text().startswith(code)


def test_a_check_writes_nothing() -> None:
    path = page(f"{BEGIN}\nold\n{END}\n")
    assert [place.agrees for place in embed_results(path, check=True)] == [False]
    assert "old" in path.read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{BEGIN}\n", r"page.md, line 1: this marker has no `<!-- end of results -->` below it"),
        (f"{BEGIN}\n{BEGIN}\n{END}\n", r"line 2: results begins here without `<!-- end of"),
        (f"a\n\n{END}\n", r"line 3: results ends here without `<!-- results: FILE.md -->` above"),
        (f"<!-- result: t.md -->\n{END}\n", r"line 1: expected .* found '<!-- result: t.md -->'"),
        (f"<!-- results: t.csv -->\n{END}\n", r"line 1: expected `<!-- results: FILE.md -->`"),
        (f"<!-- results: t.md, short -->\n{END}\n", r"line 1: expected `<!-- results: FILE.md"),
        (f"<!-- results: no.md -->\n{END}\n", r"no.md: named in page.md, line 1, .* make it with"),
        (f"<!-- results: page.md -->\n{END}\n", r"page.md: holds a marker of results itself"),
        ("text\n", r"page.md: shows no results; put"),
    ],
)
def test_a_page_that_cannot_be_made_is_refused_and_left_alone(text: str, message: str) -> None:
    path = page(text)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        embed_results(path)
    assert path.read_text() == text
