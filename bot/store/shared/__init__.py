"""Code that both database engines use."""
