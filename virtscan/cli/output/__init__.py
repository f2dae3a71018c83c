"""Outputs of a command: formats, targets, pseudonyms, appearance."""
