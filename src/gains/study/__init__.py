"""The study in force: its runs, their settings, its plan."""
