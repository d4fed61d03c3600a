"""State that the SQLite engine keeps in memory: waiting events, figures of quotas, contexts of conversations."""
