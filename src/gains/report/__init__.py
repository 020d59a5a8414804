"""The report of a study: one HTML file with its tables, pictures, settings and origins."""
