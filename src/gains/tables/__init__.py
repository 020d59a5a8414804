"""Tables: score files in, CSV, Markdown and LaTeX out."""
