"""Fixtures of the tests of the pages."""

from tests.support.service import quiet_logs

__all__ = ["quiet_logs"]
