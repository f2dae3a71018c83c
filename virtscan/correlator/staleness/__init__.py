"""Facts that are too old to count, and those carried over from earlier scans."""
