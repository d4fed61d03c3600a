"""Requests that wait for their turn: people see their place in the queue, and about how long it takes."""
