"""Approvals: expensive requests wait until an approver grants them."""
