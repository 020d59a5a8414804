"""Prediction: from an image and a trained model to instances, and the file that holds them."""
