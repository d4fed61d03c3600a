"""The SQLite engine, for one process."""
