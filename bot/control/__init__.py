"""What may change while the service runs: settings with a scope, described once, and where each value comes from."""
