import pytest

from adapters.kit.message_actions import EPHEMERAL_ACTIONS, MESSAGE_ACTIONS, Lacking, MessageRequest, request_of
from bot.models import Attachment
from bot.spending.quotes import DECISIONS

PICTURE = Attachment(name="fox.png", content_type="image/png")
PAPER = Attachment(name="a.pdf", content_type="application/pdf")


def request(name: str, *, text: str = "the words", files: tuple[Attachment, ...] = (PICTURE, PAPER)) -> MessageRequest:
    quotation = f"> {text}" if text else ""
    return request_of(name, instruction=f"Please {name}:", text=text, quotation=quotation, attachments=files)


@pytest.mark.parametrize(
    ("name", "prompt", "files"),
    [
        ("explain", "Please explain:\n\n> the words", (PICTURE, PAPER)),
        ("review", "Please review:\n\n> the words", (PICTURE, PAPER)),
        ("summarise", "Please summarise:", ()),
        ("picture", "the words", ()),
        ("animate", "the words", (PICTURE,)),
    ],
)
def test_what_a_command_gets(name: str, prompt: str, files: tuple[Attachment, ...]) -> None:
    """Explaining and reviewing take the message along, summarising what was said before, media only what they use."""
    found = request(name)
    assert (found.prompt, found.attachments, found.lacks) == (prompt, files, "")
    assert found.command == MESSAGE_ACTIONS[name].command
    assert found.has_prior_messages == (name == "summarise")
    assert found.is_private == (name in ("explain", "summarise"))


@pytest.mark.parametrize(
    ("name", "text", "files", "lacks"),
    [
        ("explain", "", (), "text"),
        ("explain", "", (PICTURE,), ""),
        ("review", "", (), "text"),
        ("review", "", (PAPER,), ""),
        ("summarise", "", (), ""),
        ("picture", "", (PICTURE,), "text"),
        ("animate", "x", (PAPER,), "picture"),
        ("animate", "", (PICTURE,), ""),
    ],
)
def test_what_a_message_lacks(name: str, text: str, files: tuple[Attachment, ...], lacks: Lacking) -> None:
    """A message without what the action needs is refused, to the person alone."""
    found = request(name, text=text, files=files)
    assert found.lacks == lacks
    assert found.is_private == (bool(lacks) or MESSAGE_ACTIONS[name].is_private)


def test_platforms_have_room_for_them() -> None:
    """Slack and Discord both allow five for messages."""
    assert len(MESSAGE_ACTIONS) == 5


def test_decisions_are_answered_to_the_presser_alone() -> None:
    """Every button of a quote or an approval is among those whose press nobody else reads of."""
    assert set(EPHEMERAL_ACTIONS) >= DECISIONS
