"""The refusal of files for which the memory does not suffice."""

from __future__ import annotations


def beyond_memory(at: object) -> ValueError:
    """Return the refusal of a file, or of a part of it, for which the memory does not suffice.

    Args:
        at: the file, and the part.
    """
    return ValueError(
        f"{at}: asks for more memory than there is; either it is damaged and claims more values "
        "than it holds, so copy or save it again, or it is too large for this machine"
    )
