"""Reading threads, channels on behalf of a person, and what was missed."""
