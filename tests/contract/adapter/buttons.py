"""Laws of buttons and forms: durable, for everybody, each press recorded once."""

from bot.models import Answer
from tests.contract.adapter.harness import Harness, Said, needs
from tests.contract.adapter.samples import ACTIONS, AGAIN, DELETE, GOOD, STYLE, long_markdown


async def answered(harness: Harness, text: str = "general answer") -> Said:
    """A question and its answer with buttons."""
    said = await harness.say("What is love?")
    await (await harness.answer(said)).finish(Answer(text=text, actions=ACTIONS))
    return said


class Buttons:
    """See `AdapterContract`."""

    @needs("buttons")
    async def test_buttons_are_shown(self, harness: Harness) -> None:
        """Every action of an answer is a button, in order, and under its last message alone."""
        await answered(harness, long_markdown(9_000))
        *first, last = await harness.see()
        assert last.buttons == tuple(action.name for action in ACTIONS)
        assert not any(message.buttons for message in first)

    @needs("buttons")
    async def test_a_press_is_an_event(self, harness: Harness) -> None:
        """A press names the answer and the action, in the conversation of the answer."""
        said = await answered(harness)
        event = (await harness.press(AGAIN.name)).event
        assert said.event is not None
        assert event is not None
        assert event.command == "press"
        assert (event.options["event"], event.options["action"]) == (said.event.id, AGAIN.name)
        assert event.conversation == said.event.conversation
        assert event.actor.id == said.event.actor.id
        assert event.id != said.event.id

    @needs("buttons")
    async def test_two_presses_are_two_requests(self, harness: Harness) -> None:
        """Pressing again asks again."""
        await answered(harness)
        first, second = await harness.press(AGAIN.name), await harness.press(AGAIN.name)
        assert first.event is not None
        assert second.event is not None
        assert first.event.id != second.event.id

    @needs("buttons", "redelivery")
    async def test_a_redelivered_press_is_one_event(self, harness: Harness) -> None:
        """A press that is delivered twice is answered once."""
        await answered(harness)
        await harness.press(AGAIN.name)
        await harness.redeliver()
        assert [event.command for event in harness.events] == ["chat", "press"]

    @needs("buttons")
    async def test_buttons_work_after_a_restart(self, harness: Harness) -> None:
        """All that a press needs is in the button."""
        said = await answered(harness)
        await harness.restart()
        event = (await harness.press(AGAIN.name)).event
        assert said.event is not None
        assert event is not None
        assert (event.options["event"], event.conversation) == (said.event.id, said.event.conversation)

    @needs("buttons", "several people")
    async def test_anybody_may_press(self, harness: Harness) -> None:
        """A press is of who pressed, not of who asked: whether they may is for the core to say."""
        await answered(harness)
        event = (await harness.press(DELETE.name, by="bob")).event
        assert event is not None
        assert event.actor.name == "Bob"

    @needs("buttons")
    async def test_a_press_is_answered(self, harness: Harness) -> None:
        """The answer to a press is shown beside the answer that was pressed."""
        await answered(harness)
        pressed = await harness.press(AGAIN.name)
        await (await harness.answer(pressed)).finish(Answer(text="another answer"))
        assert await harness.count("another answer") == 1
        assert await harness.count("general answer") == 1

    @needs("buttons", "several people")
    async def test_opinions_are_answered_in_private(self, harness: Harness) -> None:
        """An opinion about an answer is acknowledged to its author alone."""
        await answered(harness)
        pressed = await harness.press(GOOD.name, by="bob")
        await (await harness.answer(pressed)).finish(Answer(text="thank you", private=True))
        assert [message.private for message in await harness.see(by="bob") if "thank you" in message.text] == [True]
        assert not [message for message in await harness.see() if "thank you" in message.text]

    @needs("buttons", "outage notice")
    async def test_a_press_that_is_not_kept_is_told(self, harness: Harness) -> None:
        """When a press can't be recorded, the person is told."""
        await answered(harness)
        before = await harness.see()
        harness.services.is_failing = True
        assert (await harness.press(AGAIN.name)).event is None
        assert len(await harness.see()) > len(before)

    @needs("buttons", "growing text")
    async def test_a_growing_answer_can_be_stopped(self, harness: Harness) -> None:
        """While an answer is being written there is a button that stops it; afterwards there is none."""
        said = await harness.say("What is love?")
        draft = await harness.answer(said)
        await draft.write("The first paragraph.\n\nThe second")
        event = (await harness.press("stop")).event
        assert said.event is not None
        assert event is not None
        assert (event.options["event"], event.options["action"]) == (said.event.id, "stop")
        await draft.finish(Answer(text="The first paragraph."))
        assert not [message for message in await harness.see() if "stop" in message.buttons]

    # -- forms

    @needs("forms", "buttons")
    async def test_a_button_asks_first(self, harness: Harness) -> None:
        """A button that needs a value opens a form for it; what is sent comes with the press."""
        said = await answered(harness)
        form = (await harness.press(STYLE.name)).form
        assert form is not None
        assert form.fields == ("style",)
        event = (await harness.submit(form, {"style": "photo"})).event
        assert said.event is not None
        assert event is not None
        assert event.command == "press"
        assert event.options == {"event": said.event.id, "action": STYLE.name, "style": "photo"}
        assert event.conversation == said.event.conversation

    @needs("forms", "buttons")
    async def test_what_is_left_empty_stays_out(self, harness: Harness) -> None:
        """A field of a button's form may be left as it is: the press then changes nothing."""
        await answered(harness)
        form = (await harness.press(STYLE.name)).form
        assert form is not None
        event = (await harness.submit(form, {})).event
        assert event is not None
        assert not event.options.get("style")

    @needs("forms")
    async def test_a_command_has_a_form(self, harness: Harness) -> None:
        """A command without its prompt opens a form with its options; sending it asks."""
        form = await harness.open_form("image")
        assert form.fields == ("prompt", "style", "count")
        event = (await harness.submit(form, {"prompt": "a red fox", "style": "anime"})).event
        assert event is not None
        assert (event.command, event.prompt) == ("image", "a red fox")
        assert event.options["style"] == "anime"
        await (await harness.adapter.draft(event.reply_to, key=event.id, ref=None, private=False)).finish(
            Answer(text="here it is")
        )
        assert await harness.count("here it is") == 1

    @needs("forms")
    async def test_a_form_outlives_a_restart(self, harness: Harness) -> None:
        """A form that was open during a restart can still be sent."""
        form = await harness.open_form("image")
        await harness.restart()
        event = (await harness.submit(form, {"prompt": "a red fox"})).event
        assert event is not None
        assert event.prompt == "a red fox"

    @needs("forms", "form errors")
    async def test_what_is_wrong_is_shown_in_the_form(self, harness: Harness) -> None:
        """A wrong value is named where it was typed, and nothing is recorded."""
        form = await harness.open_form("image")
        used = await harness.submit(form, {"prompt": "a red fox", "count": "9"})
        assert used.problems == ("count",)
        assert not harness.events

    @needs("forms", "outage notice")
    async def test_a_form_that_is_not_kept_is_told(self, harness: Harness) -> None:
        """When what was sent can't be recorded, the person is told: in the form or in a message."""
        form = await harness.open_form("image")
        harness.services.is_failing = True
        used = await harness.submit(form, {"prompt": "a red fox"})
        assert used.event is None
        assert used.problems or [message for message in await harness.see() if message.text.strip()]

    # -- actions of messages

    @needs("message actions")
    async def test_a_message_is_explained_in_private(self, harness: Harness) -> None:
        """An explanation quotes the message to the model and is shown to one person, in a conversation of its own."""
        root = await harness.talk(("bob", "To be is to do."))
        event = (await harness.act("explain", root)).event
        assert event is not None
        assert event.command == "chat"
        assert "> Bob: To be is to do." in event.prompt
        assert not event.has_prior_messages
        await (await harness.adapter.draft(event.reply_to, key=event.id, ref=None, private=False)).finish(
            Answer(text="he quotes somebody")
        )
        assert [message.private for message in await harness.see() if "he quotes" in message.text] == [True]

    @needs("message actions")
    async def test_summarising_is_about_the_conversation(self, harness: Harness) -> None:
        """A summary is of the conversation that the message is in, not of the message; told the person alone."""
        root = await harness.talk(("bob", "To be is to do."), ("ada", "To do is to be."))
        event = (await harness.act("summarise", root)).event
        assert event is not None
        assert event.has_prior_messages
        prior = await harness.adapter.read_prior_messages(event.reply_to, limit=10)
        assert [turn.content for turn in prior.turns] == ["To be is to do.", "To do is to be."]
        await (await harness.adapter.draft(event.reply_to, key=event.id, ref=None, private=False)).finish(
            Answer(text="they disagree")
        )
        assert [message.private for message in await harness.see() if "they disagree" in message.text] == [True]

    @needs("message actions")
    async def test_code_is_reviewed_for_everybody(self, harness: Harness) -> None:
        """A review quotes the code and is shown to everybody."""
        root = await harness.talk(("bob", "`x == None`"))
        event = (await harness.act("review", root)).event
        assert event is not None
        assert event.command == "chat"
        assert "`x == None`" in event.prompt
        await (await harness.adapter.draft(event.reply_to, key=event.id, ref=None, private=False)).finish(
            Answer(text="use is")
        )
        assert [message.private for message in await harness.see() if "use is" in message.text] == [False]

    @needs("message actions")
    async def test_a_message_becomes_a_picture(self, harness: Harness) -> None:
        """The words of a message are the prompt of a picture, and its picture that of a film."""
        root = await harness.talk(("bob", "a red fox"), files=[("fox.png", b"\x89PNG\r\n\x1a\n")])
        drawn, filmed = (await harness.act("picture", root)).event, (await harness.act("animate", root)).event
        assert drawn is not None
        assert filmed is not None
        assert (drawn.command, drawn.prompt, drawn.attachments) == ("image", "a red fox", ())
        assert (filmed.command, [file.name for file in filmed.attachments]) == ("video", ["fox.png"])

    @needs("message actions")
    async def test_what_a_message_lacks_is_told(self, harness: Harness) -> None:
        """A message without a picture can't be animated, and the person is told so alone."""
        root = await harness.talk(("bob", "no picture here"))
        event = (await harness.act("animate", root)).event
        assert event is not None
        assert len(event.rejection) > 10
