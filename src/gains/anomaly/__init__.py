"""Gradient anomaly maps: how much the directions of neighbouring instances disagree."""
