"""Masks as COCO run-length codes: coding, checks, regions, overlaps. This room imports no torch."""
