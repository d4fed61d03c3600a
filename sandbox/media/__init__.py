"""Generated pictures, sound and video."""
