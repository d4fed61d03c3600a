"""Parsing of foreign files in child processes with limits.

Only here are libraries for documents and media imported.
"""
