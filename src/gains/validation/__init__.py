"""Validation: the value of a model on the validation part of a data set, during its training."""
