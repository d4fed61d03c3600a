"""The path of a recorded event to its delivered answer."""
