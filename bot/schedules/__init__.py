"""Schedules: the requests that are made at set times, as people type, read and change them."""
