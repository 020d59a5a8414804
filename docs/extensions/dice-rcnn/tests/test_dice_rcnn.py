"""The contract of GAInS-bench, tested with every method of this package."""

from gains.testing.method_contract import *  # noqa: F403
