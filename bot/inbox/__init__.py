"""The inbox: what an event asks for, whether that is allowed, and its record, before its platform is acknowledged."""
