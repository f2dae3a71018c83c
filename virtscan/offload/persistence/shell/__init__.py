"""Shell scripts to the states that their ethtool commands give to a device."""

from virtscan.offload.persistence.shell.effects import Scene, may_concern, merged
from virtscan.offload.persistence.shell.running import assigned, is_script, run_command, run_script, run_words

__all__ = ["Scene", "assigned", "is_script", "may_concern", "merged", "run_command", "run_script", "run_words"]
