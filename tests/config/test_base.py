"""Settings blocks are merged."""

from __future__ import annotations

from gains.config.base import merge


def test_mappings_are_merged_and_lists_are_replaced() -> None:
    assert merge({"a": {"b": 1, "c": 2}, "d": [1, 2]}, {"a": {"c": 3}, "d": [4]}) == {
        "a": {"b": 1, "c": 3},
        "d": [4],
    }
