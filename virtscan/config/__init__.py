"""The configuration file and the command line, made into one validated plan."""

from virtscan.config.default_uri import DefaultUri, default_uri
from virtscan.config.file.document import ConfigFile, read_document
from virtscan.config.file.location import find_config
from virtscan.config.file.problems import Problems, lines_of
from virtscan.config.merge import Options, make_plan

__all__ = [
    "ConfigFile",
    "DefaultUri",
    "Options",
    "Problems",
    "default_uri",
    "find_config",
    "lines_of",
    "make_plan",
    "read_document",
]  # fmt: skip
