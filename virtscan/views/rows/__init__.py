"""Rows and columns of any document: chosen, ordered, grouped."""
