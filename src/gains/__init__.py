"""GAInS-bench: reproducible comparison of instance segmentation methods."""

__version__ = "0.1.0"
