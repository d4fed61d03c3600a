"""App manifest, OAuth installation, and checks of the configuration."""
