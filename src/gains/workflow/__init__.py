"""Support for Snakemake and DVC; no other room knows them."""
