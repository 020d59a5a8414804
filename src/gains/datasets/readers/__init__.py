"""Readers of foreign formats: images, COCO files, mask files, MATLAB, LabelMe."""
