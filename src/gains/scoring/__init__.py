"""From predictions and ground truth to scores."""
