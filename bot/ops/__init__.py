"""Operation: web server, configuration check, garbage collector."""
