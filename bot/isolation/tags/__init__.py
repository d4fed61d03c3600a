"""The service's record as a tag of a file: each module is one container."""
