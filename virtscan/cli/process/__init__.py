"""Interface of the process to the operating system: its streams, its signals, its children, its end."""
