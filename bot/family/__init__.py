"""Families of generated files: which was made from which, and changes that are asked for in words."""
