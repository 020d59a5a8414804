"""Predictions that other programs made, read and written as a prediction file."""
