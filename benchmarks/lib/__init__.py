"""Models, scenes, data sets, clocks and trainings that the benchmarks share."""
