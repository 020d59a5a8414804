"""Tables: score files in, CSV, Markdown and LaTeX out."""

from gains.tables.specs import score_paths, spec
from gains.tables.write import write_table

__all__ = ["score_paths", "spec", "write_table"]
