"""Fetching: from the addresses in ``data/sources.csv`` to verified files below ``data/raw``."""
