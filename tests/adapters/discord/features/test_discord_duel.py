"""A duel on Discord: pictures side by side in one message, a vote, then the names; `/verify` of one of them."""

from pathlib import Path

from adapters.discord.timing import Timing
from bot.i18n import translate
from simulators.discord.values import CHANNEL
from tests.support.discord.messages import actions_of
from tests.support.discord.whole import whole


async def test_a_duel_of_pictures(tmp_path: Path) -> None:
    """Nothing names a model before the end, nor does `/verify`, before the vote has ended."""
    models = ("alpha", "beta")
    async with whole(
        tmp_path, timing=Timing(double_press=0.0), bot_image_models=models, bot_content_credentials=True
    ) as one:
        await one.command("duel", prompt="a fox", kind="image")
        [board] = await one.simulator.until(
            lambda: [m for m in one.simulator.bot_messages(CHANNEL) if "vote-show" in actions_of(m)]
        )
        await one.core.worker.drain()
        assert actions_of(board) == ["vote-0", "vote-1", "vote-alike", "vote-show"]
        assert [file["filename"] for file in board["attachments"]] == ["A.png", "B.png"]
        assert not any(model in str(board) for model in models)
        one.simulator.files["A.png"] = one.simulator.cdn.uploads[board["attachments"][0]["id"]].content
        url = f"http://127.0.0.1:{one.simulator.port}/cdn/A.png"
        size = len(one.simulator.files["A.png"])
        file = {"id": "1", "filename": "A.png", "content_type": "image/png", "size": size, "url": url}
        await one.mention("/verify", attachments=[{**file, "proxy_url": url}])
        await one.see(CHANNEL, translate("verify.blind", "zh-TW"))
        await one.press(board, "vote-1")
        await one.see_ephemeral(CHANNEL, translate("duel.voted", "zh-TW"))
        await one.core.worker.drain()
        await one.press(board, "vote-show")
        await one.see(CHANNEL, "`alpha`")
        await one.core.worker.drain()
