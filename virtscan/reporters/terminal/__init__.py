"""Text in the columns of a terminal, and the one line of `--summary`."""
