"""Text of a shell script -> a syntax tree and words."""
