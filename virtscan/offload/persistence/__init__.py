"""Prediction of TX checksum offload after the next reboot, from configuration files."""

from virtscan.offload.persistence.evidence import Evidence
from virtscan.offload.persistence.forecast import forecast

__all__ = ["Evidence", "forecast"]
