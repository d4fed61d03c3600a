"""Benchmarks of PostgreSQL as the engine of several processes."""
