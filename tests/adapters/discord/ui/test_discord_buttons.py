"""The ids of buttons."""

import pytest

from adapters.discord.inbound.parse import conversation_of_commands
from adapters.discord.ui.buttons import BUTTON_ID, MODAL_ID, conversation_of, is_signed, modal_id, signer_of
from tests.support.core import RecordingCore
from tests.support.discord.interactions import button_id

CHANNEL = "1457536551830421525"


@pytest.mark.parametrize("asks", [(), ("style",), ("prompt", "duration", "resolution"), ("x" * 60,)])
def test_button_ids_fit_and_come_back(asks: tuple[str, ...]) -> None:
    """A button's id is parsed back, and it is never longer than Discord allows."""
    core, event = RecordingCore(), "1457536551830421524/abcdef123456"
    custom_id = button_id(core, "variation-4", event, f"t{CHANNEL}", channel=CHANNEL, command="image", asks=asks)
    assert len(custom_id) <= 100
    match = BUTTON_ID.fullmatch(custom_id)
    assert match is not None
    assert (match["action"], match["event"]) == ("variation-4", event)
    assert conversation_of(match, CHANNEL) == f"t{CHANNEL}"
    signer = signer_of(core, CHANNEL, person="17")
    assert is_signed(match, signer)
    modal = MODAL_ID.fullmatch(modal_id(match, signer))
    assert modal is not None
    assert len(modal[0]) <= 100
    assert is_signed(modal, signer)
    assert not is_signed(modal, signer_of(core, CHANNEL, person="18"))


def test_the_longest_usual_id_still_asks() -> None:
    """Below a picture that a slash command made, the button for a video has room for what its form asks."""
    channel = "1457536551830421524"
    asks = ("prompt", "duration", "resolution")
    conversation = conversation_of_commands(channel, "1457536551830421525")
    custom_id = button_id(
        RecordingCore(), "video", "1457536551830421526", conversation, channel=channel, command="video", asks=asks
    )
    assert len(custom_id) <= 100
    assert "video=prompt,duration,resolution" in custom_id
