"""The comparison in Markdown, of lines made by hand."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from gains.tables.compare_markdown import comparison_markdown
from gains.tables.comparison import Line
from gains.tables.of_study import compare_spec
from helpers.table_scenes import study


def line(**values: Any) -> Line:
    usual = {
        **{field.name: "?" for field in fields(Line)},
        **{"table": "t", "dataset": "cells", "published_dataset": "ISBI2014"},
        **{"metric": "AJI", "subset": "average", "comparable": "yes"},
        **{"mean": 70.0, "sd": 0.5, "published": 71.25, "published_spread": 2.0},
        **{"published_paper": "P", "published_table": "I", "difference": -1.25},
        **{"recipe": "ours a", "published_recipe": None, "published_picking": None},
    }
    return Line(**{**usual, **values})


EXPECTED = """
## One

| row   | data set   | metric       |         ours |    published | source             |   difference | comparable   |
|:------|:-----------|:-------------|-------------:|-------------:|:-------------------|-------------:|:-------------|
| A     | cells      | AJI, average | 70.00 ± 0.50 | 71.25 ± 2.00 | P I, one, ISBI2014 |        -1.25 | yes          |
| A     | cells      | AJI, average | 70.00 ± 0.50 | 71.25 ± 2.00 | P I, two, ISBI2014 |        +0.50 | no (1, 2)    |
| B     | cells      | AJI, average |            – |        71.25 | P I, two, ISBI2014 |            – | no (1, 3)    |
| B     | other      | AJI, average | 70.00 ± 0.50 | 71.25 ± 2.00 | P I, one, ISBI2014 |        -1.25 | yes          |
| B     | other      | AJI, average | 70.00 ± 0.50 | 71.25 ± 2.00 | P I, one, ISBI2014 |        -1.25 | yes          |

1. x
2. y
3. z

## Recipes

The training may differ between comparable numbers.

Ours, with the last checkpoint:

- ours a: A. On other: B
- ours b: On cells: B

Published:

- unknown: P I, one. On ISBI2014: P I, two
- theirs, checkpoint: unknown: On ISBI2014: P I, two
"""


def test_a_comparison_by_hand() -> None:
    table = {"rows": [{"method": "gains"}]}
    tables = {"t": {"title": "One", **table}, "u": {"title": "Two", **table}}
    other = line(row="B", dataset="other", published_row="one")
    found = comparison_markdown(
        compare_spec(study([0], tables=tables)),
        [
            line(row="A", published_row="one"),
            line(row="A", published_row="two", comparable="no", reason="x; y", difference=0.5),
            line(
                row="B",
                published_row="two",
                **{"comparable": "no", "reason": "z; x", "mean": None, "sd": None},
                **{"difference": None, "published_spread": None, "recipe": "ours b"},
                published_recipe="theirs",
            ),
            other,
            other,
        ],
    )
    head, _, rest = found.partition("\n\nPercent. ")
    assert head == "# Ours and published\n\nStudy small: a small study."
    assert rest.partition("may be another one.\n")[2] == EXPECTED


def test_recipes_name_the_weights_that_are_picked() -> None:
    spec = compare_spec(study([0]))
    assert "Ours, with the last checkpoint:" in comparison_markdown(spec, [line()])
    lines = [line(recipe="SGD 0.015, checkpoint: best mAP"), line()]
    assert "checkpoint unless another is named:" in comparison_markdown(spec, lines)
