"""Masks as COCO run-length codes: coding, checks, regions and overlaps. Imports no torch."""
