"""Boots."""
