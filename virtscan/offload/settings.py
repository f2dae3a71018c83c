"""The part of the script that a server runs which looks for lasting settings: settings.sh.

Of configuration files it sends the lines about TX checksum offload, never a password on them. Scripts that run
ethtool are sent whole, without comments and without variables whose names suggest secrets.
"""

from importlib.resources import files

SETTINGS = files("virtscan.offload").joinpath("settings.sh").read_text(encoding="utf-8")
