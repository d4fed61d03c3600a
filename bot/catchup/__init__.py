"""Catching up: which messages of a channel a person has missed, and what was said in them."""
