"""The seam between the core and a platform: its adapter, and the services of the core for it."""
