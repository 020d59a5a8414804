"""The verbs beside ``score`` that work on predictions and score files."""
