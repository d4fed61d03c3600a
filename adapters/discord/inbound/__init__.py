"""From what Discord sends to events."""
