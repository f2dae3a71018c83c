"""Settings in NetworkManager's profiles."""

from virtscan.offload.persistence.network_manager.configuration import knows_features, reads_ifcfg
from virtscan.offload.persistence.network_manager.settings import has_profile, makes, network_manager

__all__ = ["has_profile", "knows_features", "makes", "network_manager", "reads_ifcfg"]
