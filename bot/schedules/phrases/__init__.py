"""Times as people type them, in English and Chinese. Pure."""
