"""The error that one address of a file failed."""

from __future__ import annotations


class MirrorError(ValueError):
    """An error that says why one address of a file failed; the next address is then tried."""


def reason(error: Exception) -> str:
    """Return why a transfer failed, without the names of connection pools and objects."""
    cause = error.args[0] if error.args else error
    text = " ".join(str(getattr(cause, "reason", cause)).split())
    return f"{type(error).__name__}: {text.split('): ', 1)[-1]}"
