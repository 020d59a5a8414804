"""Scoring: from predictions and ground truth to scores."""
