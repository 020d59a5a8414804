"""Data sets: their records, conversion to COCO, splits and audits."""
