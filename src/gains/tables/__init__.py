"""Tables: from score files to CSV, Markdown and LaTeX."""
