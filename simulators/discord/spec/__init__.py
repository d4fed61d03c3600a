"""Validation of requests against Discord's OpenAPI document."""
