"""Bar charts and family trees as PNG files, drawn without a library for pictures."""
