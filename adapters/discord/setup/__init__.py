"""Registration of the application commands, and checks of the configuration."""
