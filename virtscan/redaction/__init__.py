"""Replacement of names by pseudonyms, in inventories and captures, with one private map."""

from virtscan.redaction.capture import redact_trace
from virtscan.redaction.device_names import NameRedaction
from virtscan.redaction.history import known_scope, redact_counts
from virtscan.redaction.inventory import redact, redact_together
from virtscan.redaction.pseudonyms import Map, Pseudonyms, dump_map, load_map

__all__ = [
    "Map",
    "NameRedaction",
    "Pseudonyms",
    "dump_map",
    "known_scope",
    "load_map",
    "redact",
    "redact_counts",
    "redact_together",
    "redact_trace",
]
