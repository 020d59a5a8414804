"""Synthetic scenes of overlapping cells, put together from the annotated cells of images."""
