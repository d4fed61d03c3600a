"""Backups of the database, its keys and its files: made while the service runs, verified, restored, moved."""
