"""Requests that wait for their turn: people see their place in the queue, and an estimate of the wait."""
