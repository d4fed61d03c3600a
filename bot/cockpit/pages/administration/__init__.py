"""Pages with which administrators govern a place: access, limits, settings, approvals and the audit log."""
