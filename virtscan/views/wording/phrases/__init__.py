"""Ages, numbers, names and commands within sentences."""
