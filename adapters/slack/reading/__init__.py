"""Reading channels on behalf of a person."""
