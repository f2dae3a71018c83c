"""Messages of the protocols that a boot uses; each parser is a pure function of captured bytes."""
