"""Duels: models answer the same question unnamed, people vote, and the channel has a ranking."""
