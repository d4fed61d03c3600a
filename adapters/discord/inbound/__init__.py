"""Incoming: messages and interactions of Discord become events."""
