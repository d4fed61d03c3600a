"""Settings that administrators and people change while the service runs, each with the scope in which it holds."""
