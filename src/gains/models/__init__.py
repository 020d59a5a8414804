"""What all models share, also those without boxes: the contract, backbones, weights."""
