"""How the process meets the operating system: its streams, its signals, its children, its end."""
