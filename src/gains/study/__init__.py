"""Studies: their runs, the settings of each run, and the plan of the trainings."""
