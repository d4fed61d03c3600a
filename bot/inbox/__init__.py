"""The inbox: an event is resolved to its command, checked against the policy and recorded, then acknowledged."""
