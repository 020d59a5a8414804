"""Time, memory and disk of the runs of a study, measured on this machine by short trainings."""
