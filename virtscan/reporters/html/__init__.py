"""The page: one HTML file that needs no network, and without a script still shows what is at risk."""

from virtscan.reporters.html.page import render

__all__ = ["render"]
