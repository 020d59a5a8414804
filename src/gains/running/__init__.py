"""The whole way from a study to its tables: checks, outlook, progress, results and errors."""
