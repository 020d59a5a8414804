"""The only room that knows Snakemake and DVC."""
