"""The verbs that lead from own images to a table."""
