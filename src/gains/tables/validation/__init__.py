"""Tables of the values that trainings reach on validation images."""
