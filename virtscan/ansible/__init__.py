"""What Ansible gathered about hosts (`setup`): its output or its cache to values; opening files is `cache` alone."""

from virtscan.ansible.cache import open_facts
from virtscan.ansible.facts import Facts, read_facts

__all__ = ["Facts", "open_facts", "read_facts"]
