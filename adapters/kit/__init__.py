"""Building blocks shared by the platform adapters."""
