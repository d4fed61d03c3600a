"""Migrations of the schema: SQL scripts by engine, and their steps in Python."""
