"""Show Sphinx roles of docstrings, such as ``:func:`crop```, as plain code on the API pages."""

from __future__ import annotations

import re

import griffe

ROLE = re.compile(r":(?:attr|class|data|func|meth|mod):`~?([^`]+)`")


class SphinxRoles(griffe.Extension):
    """Replace the roles in every docstring by code spans, which Markdown understands."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        """Rewrite the docstring of one module, class, function or attribute."""
        if obj.docstring:
            obj.docstring.value = ROLE.sub(r"`\1`", obj.docstring.value)
