"""Laws of receiving: which messages become events, with what in them, and what happens when they can't be recorded."""

import json

import pytest

from bot.conversation.sounds import is_sound
from bot.errors import MediaError
from bot.models import Answer
from tests.contract.adapter.harness import Harness, needs, read


class Receiving:
    """See `AdapterContract`."""

    async def test_event_is_complete(self, harness: Harness) -> None:
        """A message reaches the sink once, with every id filled."""
        event = (await harness.say("hello there")).event
        assert harness.events == [event]
        assert event is not None
        assert event.adapter == harness.adapter.name
        assert event.id
        assert event.conversation
        assert event.actor.id
        assert event.actor.name
        assert event.location.channel
        assert event.received_at.tzinfo is not None
        assert (event.command, event.prompt, event.rejection) == ("chat", "hello there", "")
        assert not event.actor.is_bot
        assert not event.actor.is_stranger

    async def test_reply_target_is_flat_text(self, harness: Harness) -> None:
        """Where the answer belongs survives the store, which writes it as JSON and shows it to nobody else."""
        event = (await harness.say("hello there")).event
        assert event is not None
        assert event.reply_to
        assert all(isinstance(value, str) and value for value in event.reply_to.values())
        assert json.loads(json.dumps(dict(event.reply_to))) == event.reply_to

    async def test_ids_are_unique_over_a_restart(self, harness: Harness) -> None:
        """Two messages never have the same id, not even with a restart between them."""
        await harness.say("one")
        await harness.restart()
        await harness.say("two")
        assert len({event.id for event in harness.events}) == len(harness.events) == 2

    async def test_commands_are_read(self, harness: Harness) -> None:
        """A typed command comes with its options."""
        event = (await harness.say("/image a red fox --style anime")).event
        assert event is not None
        assert (event.command, event.prompt, event.rejection) == ("image", "a red fox", "")
        assert event.options["style"] == "anime"

    async def test_a_wrong_command_is_answered(self, harness: Harness) -> None:
        """A command that can't be understood is recorded with a sentence that says why: nobody meets silence."""
        event = (await harness.say("/image a red fox --style oil")).event
        assert event is not None
        assert "oil" in event.rejection

    async def test_whitespace_and_languages_are_kept(self, harness: Harness) -> None:
        """A message arrives as it was typed, whatever the script."""
        event = (await harness.say("為什麼 2 < 3 & 4 > 1？ Ça va — “ok” `x_y`")).event
        assert event is not None
        assert event.prompt == "為什麼 2 < 3 & 4 > 1？ Ça va — “ok” `x_y`"

    @needs("redelivery")
    async def test_a_redelivered_message_is_one_event(self, harness: Harness) -> None:
        """A message that a platform delivers twice is recorded under the same id, so that it is answered once."""
        event = (await harness.say("hello there")).event
        await harness.redeliver()
        assert harness.events == [event]

    @needs("redelivery")
    async def test_a_message_redelivered_after_a_restart_is_one_event(self, harness: Harness) -> None:
        """So is what is delivered to the next process once more."""
        await harness.say("hello there")
        await harness.restart()
        await harness.redeliver()
        assert len({event.id for event in harness.events}) == 1

    # -- what is not for the bot

    @needs("mentions")
    async def test_others_talk_is_not_recorded(self, harness: Harness) -> None:
        """Messages of people to each other are not for the service."""
        assert (await harness.say("lunch?", to_bot=False)).event is None
        assert not harness.events

    async def test_own_answers_are_not_recorded(self, harness: Harness) -> None:
        """An answer never becomes a question."""
        said = await harness.say("hello there")
        await (await harness.answer(said)).finish(Answer(text="general answer"))
        await harness.say("the next")
        assert [event.prompt for event in harness.events] == ["hello there", "the next"]

    @needs("bots")
    async def test_other_apps_are_ignored(self, harness: Harness) -> None:
        """Another app is not answered unless it names the bot; two bots must not talk without end."""
        assert (await harness.say("status report", by="robot", to_bot=False)).event is None

    @needs("bots", "mentions")
    async def test_other_apps_are_named_as_such(self, harness: Harness) -> None:
        """When an app names the bot, its event says so: whether it is answered is a setting."""
        event = (await harness.say("deploy done", by="robot")).event
        assert event is not None
        assert event.actor.is_bot

    @needs("strangers")
    async def test_strangers_are_named_as_such(self, harness: Harness) -> None:
        """People of another company are told apart: whether they are answered is a setting."""
        event = (await harness.say("hello", by="eve")).event
        assert event is not None
        assert event.actor.is_stranger

    @needs("several people")
    async def test_people_are_told_apart(self, harness: Harness) -> None:
        """Two people are two actors, each by their name."""
        ada, bob = (await harness.say("one")).event, (await harness.say("two", by="bob")).event
        assert ada is not None
        assert bob is not None
        assert ada.actor.id != bob.actor.id
        assert (ada.actor.name, bob.actor.name) == ("Ada", "Bob")

    # -- what changes afterwards

    @needs("edits")
    async def test_an_edit_is_told(self, harness: Harness) -> None:
        """The core is told of a changed question, under the id it has, and records no second one."""
        said = await harness.say("What is lvoe?")
        await harness.edit(said, "What is love?")
        (revised,) = harness.services.revised
        assert said.event is not None
        assert (revised.id, revised.prompt) == (said.event.id, "What is love?")
        assert revised.conversation == said.event.conversation
        assert harness.events == [said.event]

    @needs("edits", "mentions")
    async def test_an_edit_that_names_the_bot_is_a_question(self, harness: Harness) -> None:
        """A message that names the bot only after it was edited is asked then."""
        said = await harness.say("What is love?", to_bot=False)
        await harness.edit(said, "What is love?")
        assert [event.prompt for event in harness.events] == ["What is love?"]

    @needs("edits", "mentions")
    async def test_edits_of_others_talk_are_ignored(self, harness: Harness) -> None:
        """A change of what was not for the bot is told to nobody."""
        said = await harness.say("lunch?", to_bot=False)
        await harness.edit(said, "dinner?", to_bot=False)
        assert not harness.events
        assert not harness.services.revised

    @needs("deletions")
    async def test_a_deletion_is_told(self, harness: Harness) -> None:
        """A deleted question is retracted under its id, also by the next process."""
        first, second = await harness.say("one"), await harness.say("two")
        await harness.delete(first)
        await harness.restart()
        await harness.delete(second)
        assert harness.services.retracted == [said.event.id for said in (first, second) if said.event is not None]

    # -- when it can't be recorded

    @needs("outage notice")
    async def test_not_kept_is_told(self, harness: Harness) -> None:
        """When the event can't be kept, it is not acknowledged as taken and the person is told."""
        harness.services.is_failing = True
        assert (await harness.say("hello there")).event is None
        assert not harness.events
        assert [message for message in await harness.see() if message.text.strip()]

    async def test_reading_goes_on_after_a_failure(self, harness: Harness) -> None:
        """A message that could not be kept does not stop the next one."""
        harness.services.is_failing = True
        await harness.say("lost")
        harness.services.is_failing = False
        assert (await harness.say("kept")).event is not None
        assert harness.events[-1].prompt == "kept"

    # -- files that people send

    async def test_attachments_are_named(self, harness: Harness) -> None:
        """A file comes with its name and size, whatever language its name is in."""
        attachment = await harness.attachment("報告 1.txt", b"four")
        assert attachment.name == "報告 1.txt"
        assert attachment.size == 4
        assert json.loads(json.dumps(dict(attachment.source))) == attachment.source

    async def test_attachment_is_read(self, harness: Harness) -> None:
        """An attachment's bytes are those that were sent, in pieces of bounded size."""
        content = bytes(range(256)) * 4096
        pieces = await read(harness.adapter, await harness.attachment("a.bin", content))
        assert b"".join(pieces) == content
        assert max(map(len, pieces)) < len(content)

    async def test_attachment_is_read_by_the_next_process(self, harness: Harness) -> None:
        """An event holds all that is needed to read its file after a restart."""
        attachment = await harness.attachment("a.txt", b"text")
        await harness.restart(run=False)
        assert b"".join(await read(harness.adapter, attachment)) == b"text"

    async def test_attachment_that_is_gone(self, harness: Harness) -> None:
        """An attachment that can't be read any more is an error with a sentence."""
        attachment = await harness.attachment("a.txt", b"text")
        await harness.remove_file(attachment)
        with pytest.raises(MediaError, match=r".{10}"):
            await read(harness.adapter, attachment)

    @needs("voice")
    async def test_voice_messages_arrive_as_sounds(self, harness: Harness) -> None:
        """A recorded message is a question with a sound file."""
        event = (await harness.say("", is_voice=True)).event
        assert event is not None
        [sound] = event.attachments
        assert (event.command, event.rejection, is_sound(sound)) == ("chat", "", True)
