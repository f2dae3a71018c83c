"""Findings: their reasons, the missing facts that would settle them, exposure, and waivers."""
