"""The parts that documents about a report share: headline, counts, gaps, metrics."""
