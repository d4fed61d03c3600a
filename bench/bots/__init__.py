"""Bare bots on the same libraries, to compare with."""
