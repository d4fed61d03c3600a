"""Workspaces and channels on the pages: which of them a page shows, and what they are called."""
