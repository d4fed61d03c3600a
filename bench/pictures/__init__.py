"""Drawings of real answers for the documentation."""
