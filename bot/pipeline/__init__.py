"""The path of an event from the inbox to the delivered answer."""
