"""The test platform, as a distribution of its own offers it."""
