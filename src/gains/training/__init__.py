"""Training: samples, optimiser, training loop and checkpoints."""
