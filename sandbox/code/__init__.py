"""Code answers from templates."""
