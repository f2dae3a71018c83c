"""Interfaces, groups and amounts that several views count."""
