"""Signing in to the web pages: their address, links that sign in once, and identity providers."""
