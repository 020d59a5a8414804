"""The parts of the figure of losses and validations."""
