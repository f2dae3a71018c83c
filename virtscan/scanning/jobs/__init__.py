"""Jobs of a plan, as values that any engine can run, and their results."""
