"""Operation: web server, metrics, logs, configuration check, garbage collector."""
