"""The database engines: events, answers, turns, usage and values."""
