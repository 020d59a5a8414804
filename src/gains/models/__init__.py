"""Parts that all models share, also models without boxes: contract, backbones, weights."""
