"""The operator checks the platforms and sees how the service is registered with each; administrators do not."""

from pathlib import Path

import pytest

from bot.sign_in.visitor import Visitor
from tests.support.pages.client import pages

pytestmark = pytest.mark.usefixtures("quiet_logs")


async def test_the_operator_checks_the_platforms(tmp_path: Path) -> None:
    """By a button, not at each view; what is wrong comes first; the service goes on answering."""
    async with pages(tmp_path, bot_deny_roles=("R1",)) as web:
        await web.sign_in(Visitor(is_administrator=True, adapter="channel", workspace="w", actor="ann", name="Ann"))
        assert "/cockpit/platforms" not in (await web.get("/cockpit")).text
        for path in ("/cockpit/platforms", "/cockpit/platforms/slack"):
            assert (await web.get(path)).status == 403
        assert (await web.post("/cockpit/platforms", {})).status == 403

        await web.sign_in()
        shown = (await web.get("/cockpit/platforms")).words
        assert "channel connected" in shown
        assert "slack not set up" in shown
        assert "to fix" not in shown
        found = await web.post("/cockpit/platforms", {})
        assert found.status == 200
        assert "to fix settings channel: people have no roles there" in found.words
        assert found.words.index("to fix") < found.words.index("answers and takes the key")
        assert "display_information" in (await web.get("/cockpit/platforms/slack")).text
        assert (await web.get("/cockpit/platforms/nowhere")).status == 404
        assert (await web.service.ask("hello")).text == "re: hello"
