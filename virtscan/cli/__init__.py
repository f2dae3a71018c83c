"""The command line: parse, wire, write, exit code; one module per command."""
