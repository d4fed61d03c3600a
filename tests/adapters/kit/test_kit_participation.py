from adapters.kit.participation import MutedParticipants
from tests.support.core import RecordingCore

PLACE = ("C1", "1.0")


async def addressed(
    muted: MutedParticipants, user: str = "ada", *, mention: bool = False, others: bool = False, takes_part: bool = True
) -> bool:
    return await muted.is_addressed(PLACE, user, is_mention=mention, is_for_others=others, takes_part=takes_part)


async def test_participants_need_no_mention() -> None:
    muted = MutedParticipants(RecordingCore(), "chat")
    assert await addressed(muted)
    assert not await addressed(muted, takes_part=False)
    assert await addressed(muted, takes_part=False, mention=True)


async def test_turning_to_somebody_else_mutes_until_the_next_mention() -> None:
    """A person who names somebody else is not answered there before they mention the bot; others are."""
    muted = MutedParticipants(RecordingCore(), "chat")
    assert not await addressed(muted, others=True)
    assert not await addressed(muted)
    assert await addressed(muted, "ben")
    assert await addressed(muted, mention=True)
    assert await addressed(muted)


async def test_muting_is_of_one_thread() -> None:
    muted = MutedParticipants(RecordingCore(), "chat")
    await addressed(muted, others=True)
    assert await muted.is_muted("C1", "1.0", "ada")
    assert not await muted.is_muted("C1", "2.0", "ada")
    assert not await muted.is_muted("C2", "1.0", "ada")


async def test_strangers_to_a_thread_are_not_muted() -> None:
    """People who do not take part are not muted: they have nothing to turn away from."""
    core = RecordingCore()
    await addressed(MutedParticipants(core, "chat"), others=True, takes_part=False)
    assert not core.stored


async def test_muting_lasts_over_a_restart() -> None:
    core = RecordingCore()
    await addressed(MutedParticipants(core, "chat"), others=True)
    await addressed(MutedParticipants(core, "chat"), "ben", others=True)
    later = MutedParticipants(core, "chat")
    assert not await addressed(later)
    assert not await addressed(later, "ben")
    await addressed(later, mention=True)
    await addressed(later, "ben", mention=True)
    assert core.stored == {"chat.aside.C1": {}}, "nothing is kept of who talks with the bot"


async def test_an_edit_mutes_nobody() -> None:
    """A message that names somebody else since it was edited is not for the bot, and mutes nobody."""
    core = RecordingCore()
    muted = MutedParticipants(core, "chat")
    edited = {"is_mention": False, "takes_part": True, "is_edit": True}
    assert not await muted.is_addressed(PLACE, "ada", is_for_others=True, **edited)
    assert not core.stored
    assert await addressed(muted)


async def test_an_earlier_question_can_be_edited_by_who_is_muted() -> None:
    muted = MutedParticipants(RecordingCore(), "chat")
    await addressed(muted, others=True)
    assert await muted.is_addressed(PLACE, "ada", is_mention=False, is_for_others=False, takes_part=True, is_edit=True)
    assert not await addressed(muted), "an edit is no sign that they turned to the bot again"
