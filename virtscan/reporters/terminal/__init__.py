"""Text in the columns of a terminal."""
