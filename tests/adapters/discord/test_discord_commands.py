"""All slash commands: Discord takes each answer and each form as it is sent."""

from pathlib import Path
from typing import Any

from tests.support.discord.whole import Whole, whole

_FORM = 9  # the type of a response that opens a modal


async def respond(one: Whole, name: str, number: int, **given: Any) -> int:
    """Use a command; return the type of its response, which is that of this number."""
    await one.command(name, **given)
    await one.simulator.until(lambda: len(one.simulator.called("POST", "callback")) == number)
    await one.core.worker.drain()
    return int(one.simulator.called("POST", "callback")[-1]["type"])


async def test_every_command(tmp_path: Path) -> None:
    """An administrator uses each with its required options alone; nothing that the service sends is refused."""
    async with whole(tmp_path, bot_port=0, bot_public_url="https://muse.example.com") as one:
        await one.simulator.until(lambda: one.simulator.commands)
        commands = [command for command in one.simulator.commands if command.get("type", 1) == 1]
        responses = {}
        for number, command in enumerate(commands, 1):
            required = [option for option in command.get("options", ()) if option.get("required")]
            given = {
                f"_{option['name']}": option.get("choices", [{"value": "a fox"}])[0]["value"] for option in required
            }
            responses[command["name"]] = await respond(one, command["name"], number, **given)
        assert [(call.method, call.path, call.answer) for call in one.simulator.rest.calls if call.status >= 400] == []
        assert [name for name, response in responses.items() if response == _FORM] == ["video", "compose"]
