"""Films: clips joined into one file."""
