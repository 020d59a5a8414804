"""A study for own images: values that follow from the data, and trainings that fit a time."""
