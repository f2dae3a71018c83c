"""Outputs of a command: formats, targets, pseudonyms, appearance; console and progress on standard error."""
