"""Readers of capture files: frames, and packets with the state of their checksum."""
