"""The service on both simulators, in a browser: people, what they see, and the wire between platform and service."""
