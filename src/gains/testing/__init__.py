"""What the tests of a method need, also of a method in another package. It needs pytest."""

import pytest

pytest.register_assert_rewrite("gains.testing.method_contract")
