"""Both database engines, for tests of the whole service in which the engine matters."""

from typing import Any

import pytest

from tests.support.database.postgres import server, url

__all__ = ["engine", "server", "url"]


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return the settings of an engine."""
    return {"bot_database_url": request.getfixturevalue("url")} if request.param == "postgres" else {}
