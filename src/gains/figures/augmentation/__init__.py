"""The parts of the augmentation figure."""
