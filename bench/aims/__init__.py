"""Aims of the service: ratios to bare bots of the same run, and whether each is met."""
