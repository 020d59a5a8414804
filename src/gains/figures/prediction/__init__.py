"""The parts of the figures that show predictions beside the ground truth."""
