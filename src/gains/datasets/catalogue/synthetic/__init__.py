"""The three embedded synthetic data sets."""
