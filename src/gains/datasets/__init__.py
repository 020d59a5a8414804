"""Data sets: what they are, how they come into COCO form, how they are split and audited."""
