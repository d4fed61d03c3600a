"""Outgoing: answers become messages on Discord."""
