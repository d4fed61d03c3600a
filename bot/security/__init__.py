"""Signing keys, encryption at rest, and the content credentials of generated files."""
