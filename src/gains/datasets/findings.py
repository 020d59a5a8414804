"""A record of the repairs and notes that the conversion of a data set makes."""

from __future__ import annotations

from collections import Counter


class Findings:
    """Repairs counted by rule, and remarks, in the order of their first occurrence."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def add(self, rule: str, record: str) -> None:
        """Record that ``rule`` was applied to ``record``."""
        self._counts[rule] += 1
        self._first.setdefault(rule, record)

    def remark(self, sentence: str) -> None:
        """Record a sentence without a count."""
        self._counts[sentence] = 0

    def sentences(self) -> list[str]:
        """Return one sentence per rule, with the count and the first record, and the remarks."""
        return [
            f"{rule}: {n} (first: {self._first[rule]})" if n else rule
            for rule, n in self._counts.items()
        ]
