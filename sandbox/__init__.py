"""The documented API, offline: a server and the generators of what it returns."""
