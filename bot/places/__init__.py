"""Names of workspaces and channels: learnt from the platforms when a place is first used, and kept."""
