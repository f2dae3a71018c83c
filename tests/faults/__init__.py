"""Faults of every known kind, played with real processes against real scans."""
