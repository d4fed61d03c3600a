"""Requests that are made at set times: what is typed, when it is due, and how it is made once."""
