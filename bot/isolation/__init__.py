"""Parsing of foreign files in child processes with limits.

Only here are libraries for documents and media imported, each by the function that needs it: a child process parses one
file of one kind.
"""
