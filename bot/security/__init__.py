"""Signing keys, encryption at rest, the forms of a secret in texts, and the content credentials of generated files."""
