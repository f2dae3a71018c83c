"""Commands and the history: its URL, the keeping of a scan, and a lock against two runs at once."""
