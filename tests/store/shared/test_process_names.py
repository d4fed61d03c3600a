"""Processes of several machines have different names."""

import os
import socket

import pytest

from bot import this_process


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("node1.example.com", "node1.example.com"),
        ("ip-10-0-1-23.eu-west-1.compute.internal", "ip-10-0-1-23"),
        ("channelmuse-receiver-7d9f8b6c5-abcde", "receiver-7d9f8b6c5-abcde"),
    ],
)
def test_a_long_name_of_a_host_keeps_what_tells_it_apart(
    monkeypatch: pytest.MonkeyPatch, host: str, shown: str
) -> None:
    """Pods of one deployment differ at the end of their names only, and each has the same process id."""
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    assert this_process.name() == f"{shown}:{os.getpid()}"
