"""Scores by kind of contact: one table beside every table."""
