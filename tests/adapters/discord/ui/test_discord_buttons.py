"""The ids of buttons."""

import pytest

from adapters.discord.ui.buttons import MODAL_ID, ActionButton, button_id
from tests.support.discord.stage import Service


@pytest.mark.parametrize("asks", [(), ("style",), ("prompt", "duration", "resolution"), ("x" * 60,)])
def test_button_ids_fit_and_come_back(asks: tuple[str, ...]) -> None:
    """A button's id is parsed back, and it is never longer than Discord allows."""
    event, conversation = "1457536551830421524/abcdef123456", "t1457536551830421524"
    custom_id = button_id("variation-4", event, conversation, command="image", asks=asks)
    assert len(custom_id) <= 100
    match = ActionButton.__discord_ui_compiled_template__.fullmatch(custom_id)
    assert match is not None
    assert (match["action"], match["event"], match["conversation"]) == ("variation-4", event, conversation)
    assert MODAL_ID.fullmatch("cf" + custom_id.removeprefix("cm")) is not None


async def test_buttons_survive_a_round_trip(service: Service) -> None:
    """Every button of an answer is recognised when it is pressed, whatever made its id."""
    for custom_id in (
        button_id("again", "1457536551830421524", "t1457536551830421524"),
        button_id("variation-3", "1457536551830421524/0123456789ab", "c1"),
        button_id("video", "17", "r17", command="video", asks=("prompt", "duration", "resolution")),
    ):
        assert len(custom_id) <= 100
        assert ActionButton.__discord_ui_compiled_template__.fullmatch(custom_id)
