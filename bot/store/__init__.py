"""The durable side: events, answers, turns, usage and settings."""
