"""Shared parts of the detectors."""
