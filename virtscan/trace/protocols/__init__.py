"""Messages of the protocols that a boot uses; each parser is pure and takes bytes as they were captured."""
