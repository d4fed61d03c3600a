"""The service's core: what is asked is recorded once and answered once, whatever the platform."""

__version__ = "0.1.0"
