"""Laws of delivery that fails, and of the connection: what may pass is tried again, and nobody meets silence."""

import uuid

import pytest

from bot.errors import DeliveryDelayed, UploadTooLarge
from bot.models import Answer
from tests.contract.adapter.harness import Harness, needs
from tests.contract.adapter.samples import long_markdown, media, words
from tests.support.core import SETTINGS


class Failures:
    """See `AdapterContract`."""

    def test_capabilities_make_sense(self, harness: Harness) -> None:
        """Limits are positive, and a status is not shown more often than a text."""
        capabilities = harness.adapter.capabilities
        assert 0 < capabilities.edit_interval <= capabilities.status_interval
        assert capabilities.max_upload is None or capabilities.max_upload > 0
        assert capabilities.lacks <= SETTINGS.keys()

    @needs("rate limits")
    async def test_a_delay_is_told_and_passes(self, harness: Harness) -> None:
        """When the platform asks for a pause, the core is told for how long; the later try shows the answer once."""
        key = uuid.uuid4().hex
        harness.slow_down(120)
        with pytest.raises(DeliveryDelayed) as caught:
            await (await harness.draft(key)).finish(Answer(text="late answer"))
        assert (caught.value.retry_after or 0.0) > 1
        await harness.restart(run=False)
        await (await harness.draft(key)).finish(Answer(text="late answer"))
        assert await harness.count("late answer") == 1

    @needs("unclear delivery")
    async def test_an_answer_whose_fate_is_unclear_is_shown_once(self, harness: Harness) -> None:
        """When the connection breaks after a message was taken, the next try finds it."""
        key = uuid.uuid4().hex
        draft = await harness.draft(key)
        harness.lose_answer()
        for _ in range(3):
            try:
                await draft.finish(Answer(text="only answer"))
                break
            except DeliveryDelayed:
                continue
        assert await harness.count("only answer") == 1

    @needs("unclear delivery")
    async def test_a_long_answer_that_breaks_is_shown_once(self, harness: Harness) -> None:
        """So it is for an answer of several messages that the next process goes on with."""
        key, text = uuid.uuid4().hex, long_markdown(9_000)
        draft = await harness.draft(key)
        ref = draft.ref
        harness.lose_answer()
        with pytest.raises(DeliveryDelayed):
            await draft.finish(Answer(text=text))
        await harness.restart(run=False)
        await (await harness.draft(key, ref=ref)).finish(Answer(text=text))
        assert words(await harness.text()) == words(text)

    @needs("upload limits")
    async def test_oversize_files_are_named(self, harness: Harness) -> None:
        """A file that the platform does not take raises the limit; a smaller one is then shown, with the text once."""
        key = uuid.uuid4().hex
        harness.limit_uploads(1000)
        with pytest.raises(UploadTooLarge) as caught:
            await (await harness.draft(key)).finish(
                Answer(text="A picture.", media=(media(harness.folder, "big.png", 2000),))
            )
        assert 0 < caught.value.limit < 2000
        await (await harness.draft(key)).finish(
            Answer(text="A picture.", media=(media(harness.folder, "small.png", 900),))
        )
        assert await harness.count("A picture.") == 1
        assert [file for message in await harness.see() for file in message.files] == [("small.png", 900)]

    @needs("refusals")
    async def test_where_the_bot_may_not_write_the_asker_is_told_alone(self, harness: Harness) -> None:
        """An answer that may not be shown where it was asked comes as a direct message, once."""
        said = await harness.say("hello there")
        await harness.forbid()
        draft = await harness.answer(said)
        await draft.finish(Answer(text="general answer"))
        await draft.finish(Answer(text="general answer"))
        (message,) = [message for message in await harness.see() if "general answer" in message.text]
        assert message.private

    # -- the connection

    async def test_a_process_that_listens_is_healthy(self, harness: Harness) -> None:
        """Health is "" while events can come in."""
        await harness.say("hello there")
        assert harness.adapter.health() == ""

    @needs("connection")
    async def test_a_process_that_does_not_listen_says_so(self, harness: Harness) -> None:
        """Health is a sentence while no event can come in."""
        await harness.restart(run=False)
        assert len(harness.adapter.health()) > 10

    @needs("connection")
    async def test_a_lost_connection_is_made_anew(self, harness: Harness) -> None:
        """After a connection is cut, people are heard again, at once and without a restart."""
        await harness.say("before")
        await harness.disconnect()
        assert (await harness.say("after")).event is not None
        assert harness.adapter.health() == ""

    @needs("stalls")
    async def test_a_stalled_connection_is_noticed(self, harness: Harness) -> None:
        """A connection that looks healthy and answers nothing is noticed and replaced, until one delivers."""
        await harness.say("before")
        await harness.stall()
        await harness.recover()
        assert harness.adapter.health() == ""
        assert (await harness.say("after")).event is not None

    async def test_checks_say_what_they_checked(self, harness: Harness) -> None:
        """The configuration of a platform that works passes its own checks, each with a subject and a sentence."""
        results = await harness.adapter.check()
        assert all(result.subject and result.text for result in results)
        assert not [result for result in results if result.is_ok is False]
        assert not harness.events
