"""What the options of verbs with many options mean, behind the command line."""
