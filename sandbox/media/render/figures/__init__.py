"""Animals and things in a picture."""
