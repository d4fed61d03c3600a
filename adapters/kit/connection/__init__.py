"""Connections to platforms."""
