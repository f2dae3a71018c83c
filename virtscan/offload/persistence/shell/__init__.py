"""An interpreter of shell scripts: the states that their ethtool commands give to a device."""

from virtscan.offload.persistence.shell.effects import Scene, may_concern, merged
from virtscan.offload.persistence.shell.running import assigned, run_command, run_line, run_script, run_words

__all__ = ["Scene", "assigned", "may_concern", "merged", "run_command", "run_line", "run_script", "run_words"]
