"""YAML that would end the program, or fill the memory, is refused."""

from __future__ import annotations

import pytest

from gains.support.yaml_text import parse_yaml

NESTED = {"[": "]", "{a: ": "}"}
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)


def test_yaml_and_json_are_read_with_aliases() -> None:
    assert parse_yaml("a: &x {b: [1, 2]}\nc: {<<: *x, d: 3}", "f") == {
        "a": {"b": [1, 2]},
        "c": {"b": [1, 2], "d": 3},
    }
    assert parse_yaml('{"a": [1.5, null]}', "f") == {"a": [1.5, None]}
    assert parse_yaml("&x [*y]".replace("*y", "1"), "f") == [1]
    assert parse_yaml("", "f") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "nested more than 50 levels deep"),
        ("{a: " * 100_000, "nested more than 50 levels deep"),
        ("- " * 100_000, "nested more than 50 levels deep"),
        (BOMB, "stands for more than 1000000 values"),
        ("a: &a [*a]", r"the alias \*a stands inside its own value"),
        ("a: &a {b: &b {c: *a}}", r"the alias \*a stands inside its own value"),
        ("a: *b", "undefined alias"),
        ("a: 2001-99-99", "month must be in 1..12"),
        (f"a: {'9' * 6000}", "a number has more than 4300 digits; correct it"),
        ("{[1]: 2}", "unhashable key"),
        ("a: [", "expected"),
        ("a\0b", "control characters|unacceptable character|NULL"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        parse_yaml(text, "my.yaml")
    assert str(error.value).startswith("my.yaml: expected YAML or JSON: ")
    assert "\n" not in str(error.value)
