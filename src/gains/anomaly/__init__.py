"""Gradient anomaly maps, which show how much the directions of neighbouring instances differ."""
