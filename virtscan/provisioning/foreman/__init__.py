"""Foreman and Satellite over REST."""

from virtscan.provisioning.foreman.reading import read

__all__ = ["read"]
