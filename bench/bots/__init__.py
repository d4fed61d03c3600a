"""The bots that are compared: the service, and bare bots on the same libraries."""
