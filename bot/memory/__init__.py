"""Notes that people ask the service to remember, and that the model gets with their questions."""
