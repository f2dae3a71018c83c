"""Access of commands to the history: its URL, storing a scan, and a lock against overlapping runs."""
