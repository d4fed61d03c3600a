"""Signing keys, and encryption at rest."""
