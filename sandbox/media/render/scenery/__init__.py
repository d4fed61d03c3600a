"""Land, sky, water and buildings of a picture."""
