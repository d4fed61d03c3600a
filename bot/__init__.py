"""The core of the service: it records each request once and answers it once, on any platform."""

__version__ = "0.1.0"
