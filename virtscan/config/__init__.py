"""The configuration file and the command line, made into one validated plan."""

from virtscan.config.document import Document, read_document
from virtscan.config.location import find_config
from virtscan.config.merge import Options, make_plan
from virtscan.config.values import duration

__all__ = ["Document", "Options", "duration", "find_config", "make_plan", "read_document"]
