"""Records by name."""

from __future__ import annotations

import pytest

from gains.support.registry import Registry, nearest


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


def test_a_record_stays_until_the_block_ends() -> None:
    registry: Registry[Thing] = Registry("thing")
    first, second = registry.register(Thing("alpha")), Thing("alpha")
    with pytest.raises(KeyError), registry.with_record(second), registry.with_record(Thing("beta")):
        assert registry.get("alpha") is second
        assert registry.names() == ["alpha", "beta"]
        raise KeyError
    assert registry.names() == ["alpha"]
    assert registry.get("alpha") is first


def test_a_name_is_proposed_if_at_least_half_of_it_agrees() -> None:
    assert nearest("abcd", ["wxyz", "abxy", "axyz"]) == "did you mean 'abxy'? "
    assert nearest("abcde", ["abxyz"]) == ""
