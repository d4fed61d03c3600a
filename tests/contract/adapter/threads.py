"""Laws of conversations: what belongs together, who takes part, and what was said before the bot was called."""

from bot.models import Answer
from tests.contract.adapter.harness import Harness, Said, needs


async def begin(harness: Harness, text: str = "What is love?") -> Said:
    """A question with its answer, and so a thread where there are threads."""
    said = await harness.say(text)
    await (await harness.answer(said)).finish(Answer(text="general answer"))
    return said


class Threads:
    """See `AdapterContract`."""

    @needs("threads")
    async def test_a_thread_needs_no_further_mention(self, harness: Harness) -> None:
        """In the thread of the answer the asker goes on without naming the bot, in the same conversation."""
        said = await begin(harness)
        more = await harness.say("and hate?", to_bot=False, after=said)
        assert said.event is not None
        assert more.event is not None
        assert more.event.conversation == said.event.conversation
        assert not more.event.has_prior_messages

    @needs("threads")
    async def test_a_thread_goes_on_after_a_restart(self, harness: Harness) -> None:
        """So it does for the next process."""
        said = await begin(harness)
        await harness.restart()
        assert (await harness.say("and hate?", to_bot=False, after=said)).event is not None

    @needs("threads", "mentions")
    async def test_another_question_is_another_conversation(self, harness: Harness) -> None:
        """Two questions in a channel are not taken for one conversation."""
        first, second = await begin(harness), await begin(harness, "What is time?")
        assert first.event is not None
        assert second.event is not None
        assert first.event.conversation != second.event.conversation

    @needs("threads", "several people", "bystanders")
    async def test_bystanders_are_not_answered(self, harness: Harness) -> None:
        """People who have not asked anything in a thread talk to the others there, until they name the bot."""
        said = await begin(harness)
        assert (await harness.say("interesting", by="bob", to_bot=False, after=said)).event is None
        assert (await harness.say("and hate?", by="bob", after=said)).event is not None
        assert (await harness.say("and time?", by="bob", to_bot=False, after=said)).event is not None

    @needs("threads", "several people")
    async def test_who_turns_to_somebody_else_is_left_alone(self, harness: Harness) -> None:
        """A participant who names another person is not answered before they name the bot again, also after a
        restart."""
        said = await begin(harness)
        assert (await harness.say("@bob what do you think?", to_bot=False, after=said)).event is None
        assert (await harness.say("I wonder", to_bot=False, after=said)).event is None
        await harness.restart()
        assert (await harness.say("still wondering", to_bot=False, after=said)).event is None
        assert (await harness.say("and you?", after=said)).event is not None
        assert (await harness.say("go on", to_bot=False, after=said)).event is not None

    @needs("threads", "several people", "edits")
    async def test_an_edit_turns_to_nobody(self, harness: Harness) -> None:
        """Naming somebody else in an edit mutes nobody, and what was asked before turning away can be edited."""
        said = await begin(harness)
        question = await harness.say("and hate?", to_bot=False, after=said)
        await harness.edit(question, "@bob and hate?", to_bot=False)
        assert (await harness.say("and time?", to_bot=False, after=said)).event is not None
        await harness.say("@bob what do you think?", to_bot=False, after=said)
        await harness.edit(question, "and war?", to_bot=False)
        assert [event.prompt for event in harness.services.revised] == ["and war?"]
        assert (await harness.say("I wonder", to_bot=False, after=said)).event is None

    @needs("threads", "mentions")
    async def test_a_stop_leaves_nobody(self, harness: Harness) -> None:
        """After `stop` the thread goes on as before."""
        said = await begin(harness)
        await harness.say("/stop", after=said)
        assert (await harness.say("I meant the sea", to_bot=False, after=said)).event is not None

    @needs("threads", "mentions")
    async def test_leave_leaves_a_person_alone(self, harness: Harness) -> None:
        """After `leave` its author is not answered before they name the service again."""
        said = await begin(harness)
        await harness.say("/leave", after=said)
        assert (await harness.say("never mind", to_bot=False, after=said)).event is None
        assert (await harness.say("hello again", after=said)).event is not None

    @needs("prior messages")
    async def test_what_was_said_before_is_read(self, harness: Harness) -> None:
        """Called into a conversation of people, the bot can read what they said, oldest first, with their names."""
        root = await harness.talk(("ada", "What is love?"), ("bob", "Baby don't hurt me."), ("ada", "No more."))
        event = (await harness.say("what do you think?", after=root)).event
        assert event is not None
        assert event.has_prior_messages
        prior = await harness.adapter.read_prior_messages(event.reply_to, limit=10)
        assert [(turn.speaker, turn.content) for turn in prior.turns] == [
            ("Ada", "What is love?"),
            ("Bob", "Baby don't hurt me."),
            ("Ada", "No more."),
        ]
        assert all(turn.role == "user" and turn.actor for turn in prior.turns)
        assert prior.turns[0].actor == prior.turns[2].actor != prior.turns[1].actor

    @needs("prior messages")
    async def test_only_the_newest_are_read(self, harness: Harness) -> None:
        """No more turns than asked for are read, and those are the newest."""
        root = await harness.talk(*[("bob", f"line {number}") for number in range(6)])
        event = (await harness.say("what do you think?", after=root)).event
        assert event is not None
        prior = await harness.adapter.read_prior_messages(event.reply_to, limit=2)
        assert [turn.content for turn in prior.turns] == ["line 4", "line 5"]

    @needs("prior messages")
    async def test_a_known_conversation_is_not_read_again(self, harness: Harness) -> None:
        """Once the bot takes part, the core knows what was said."""
        root = await harness.talk(("bob", "What is love?"))
        await harness.say("what do you think?", after=root)
        event = (await harness.say("and now?", after=root)).event
        assert event is not None
        assert not event.has_prior_messages
