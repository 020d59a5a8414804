"""The command line: a verb per step, parsing only."""
