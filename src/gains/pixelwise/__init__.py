"""Parts that per-pixel models share: U-Net, components, morphology. No boxes, no RoIs."""
