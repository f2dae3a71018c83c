"""The page: one HTML file that needs no network, and without a script still shows the risks."""

from virtscan.reporters.html.page import parts

__all__ = ["parts"]
