"""Reading threads, and channels on behalf of a person."""
