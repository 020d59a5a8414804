"""Masks as COCO run-length codes: coding, checks, regions, overlaps. Needs no torch."""
