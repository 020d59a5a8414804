"""The parts of the figures that papers have."""
