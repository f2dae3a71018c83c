"""The interfaces, groups and amounts that several views count."""
