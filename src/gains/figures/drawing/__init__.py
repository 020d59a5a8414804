"""The parts that all figures share: style, colours of objects, and images."""
