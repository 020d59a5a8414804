"""GAInS-bench: reproducible comparison of instance segmentation methods on CTO objects."""

__version__ = "0.1.0"
