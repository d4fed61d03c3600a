"""Keys and encryption at rest."""
