"""Ports of command lines."""

import argparse

LAST_PORT = 65535


def port(text: str) -> int:
    """A port number. Raises `argparse.ArgumentTypeError`."""
    if not text.isdecimal() or int(text) > LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is no port: give a number from 0 (any free one) to {LAST_PORT}")
    return int(text)
