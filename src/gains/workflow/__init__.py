"""Support for Snakemake and DVC; no other room uses them."""
