"""The views by name of the command line: one module each, from a report to a document."""
