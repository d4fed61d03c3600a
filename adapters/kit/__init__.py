"""Building blocks that several platform adapters share. Imports no platform's library and no adapter."""
