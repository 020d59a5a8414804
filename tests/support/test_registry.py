"""Records by name."""

from __future__ import annotations

import pytest

from gains.support.registry import Registry


class Thing:
    """Something with a name."""

    def __init__(self, name: str) -> None:
        self.name = name


def test_registry_lists_what_it_knows() -> None:
    registry: Registry[Thing] = Registry("thing")
    registry.register(Thing("alpha"))
    registry.register(Thing("beta"))
    with pytest.raises(
        ValueError, match="unknown thing 'alpah'; did you mean 'alpha'.*alpha, beta"
    ):
        registry.get("alpah")
    with pytest.raises(ValueError, match="registered twice"):
        registry.register(Thing("beta"))
