"""The command line: one verb per step. A verb parses its options and calls a function."""
