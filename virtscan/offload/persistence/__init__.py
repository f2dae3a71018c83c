"""Configuration files -> what TX checksum offload will be after the next reboot."""

from virtscan.offload.persistence.evidence import Evidence
from virtscan.offload.persistence.forecast import forecast

__all__ = ["Evidence", "forecast"]
