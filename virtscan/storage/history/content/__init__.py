"""The content of a scan as a history keeps it: pieces, the values that have a column, and the order of items."""
