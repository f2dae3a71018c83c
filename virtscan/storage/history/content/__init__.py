"""The content of a scan in the database: pieces, values with a column of their own, and the order of items."""
