"""The part of the server's script that collects persistent settings: settings.sh.

It sends only those lines of configuration files that concern TX checksum offload, with passwords removed. Scripts that
run ethtool, or another such script, are sent completely, except for comments and for variables whose names suggest
secrets.
"""

from importlib.resources import files

SETTINGS = files("virtscan.offload").joinpath("settings.sh").read_text(encoding="utf-8")
