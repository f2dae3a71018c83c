"""Replacement of names by pseudonyms, in inventories and captures, with one private map."""

from virtscan.redaction.capture import redact_trace
from virtscan.redaction.history import known_scope, redact_counts
from virtscan.redaction.inventory import redact
from virtscan.redaction.pseudonyms import Map, Pseudonyms, dump_map, load_map
from virtscan.redaction.words import Words

__all__ = [
    "Map",
    "Pseudonyms",
    "Words",
    "dump_map",
    "known_scope",
    "load_map",
    "redact",
    "redact_counts",
    "redact_trace",
]
