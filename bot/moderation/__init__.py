"""Content rules: rules on the words of every request to the AI API, and of its answers."""
