"""Operation: web server, metrics, logs, configuration checks."""
