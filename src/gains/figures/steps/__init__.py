"""The fields between masks and anomaly maps, and the panels of figure 3."""
