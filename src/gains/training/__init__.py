"""Training: samples, optimiser, loop."""
