"""Settings in Debian's interfaces files."""

from virtscan.offload.persistence.ifupdown.files import read_interfaces
from virtscan.offload.persistence.ifupdown.settings import if_up, if_up_names, ifupdown

__all__ = ["if_up", "if_up_names", "ifupdown", "read_interfaces"]
