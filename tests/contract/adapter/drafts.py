"""Laws of `Draft`: one visible answer a request, whatever happens on the way."""

import asyncio
import uuid

from bot.models import Answer, Status
from tests.contract.adapter.harness import Harness, needs
from tests.contract.adapter.samples import ACTIONS, long_markdown, media, words


class Drafts:
    """See `AdapterContract`."""

    async def test_answer_to_what_was_said(self, harness: Harness) -> None:
        """The answer to an event is shown where it was asked."""
        said = await harness.say("hello there")
        await (await harness.answer(said)).finish(Answer(text="general answer"))
        assert await harness.count("general answer") == 1

    async def test_answers_do_not_mix(self, harness: Harness) -> None:
        """Two answers that are written at the same time are each shown whole."""
        first, second = await harness.draft(uuid.uuid4().hex), await harness.draft(uuid.uuid4().hex)
        await first.write("The first answer gr")
        await second.write("The second answer gr")
        await first.finish(Answer(text="The first answer grew."))
        await second.finish(Answer(text="The second answer grew."))
        assert sorted(message.text for message in await harness.see()) == [
            "The first answer grew.",
            "The second answer grew.",
        ]

    async def test_same_key_is_same_answer(self, harness: Harness) -> None:
        """The same key never opens a second answer."""
        key = uuid.uuid4().hex
        first = await harness.draft(key)
        await first.status(Status("working"))
        second = await harness.draft(key)
        assert second.ref == first.ref
        await second.finish(Answer(text="only answer"))
        assert await harness.count("only answer") == 1
        assert await harness.count("working") == 0

    async def test_same_key_at_the_same_time(self, harness: Harness) -> None:
        """Two tries that finish the same key at the same time show one answer."""
        key = uuid.uuid4().hex
        drafts = [await harness.draft(key) for _ in range(2)]
        await asyncio.gather(*(draft.finish(Answer(text="only answer")) for draft in drafts))
        assert await harness.count("only answer") == 1

    async def test_known_ref_after_a_restart(self, harness: Harness) -> None:
        """A reference kept by an earlier process finds the same answer again."""
        key = uuid.uuid4().hex
        draft = await harness.draft(key)
        await draft.status(Status("working"))
        ref = draft.ref
        await harness.restart()
        again = await harness.draft(key, ref=ref)
        assert again.ref == ref
        await again.finish(Answer(text="late answer"))
        assert await harness.count("late answer") == 1
        assert await harness.count("working") == 0

    async def test_restart_in_the_middle(self, harness: Harness) -> None:
        """An answer whose process was killed before its reference was kept is found by its key."""
        key = uuid.uuid4().hex
        draft = await harness.draft(key)
        ref = draft.ref  # the core keeps it before anything is shown, and again afterwards if it gets that far
        await draft.status(Status("working"))
        await draft.write("The answer that gre")
        await harness.restart(run=False)
        await (await harness.draft(key, ref=ref)).finish(Answer(text="The answer grew."))
        assert [message.text for message in await harness.see()] == ["The answer grew."]

    async def test_finish_is_idempotent(self, harness: Harness) -> None:
        """Finishing twice, or again after a restart, shows one answer with its files once."""
        key = uuid.uuid4().hex
        answer = Answer(text="final words", media=(media(harness.folder, "fox.png", 100),))
        draft = await harness.draft(key)
        await draft.finish(answer)
        await draft.finish(answer)
        ref = draft.ref
        await harness.restart()
        await (await harness.draft(key, ref=ref)).finish(answer)
        assert await harness.count("final words") == 1
        assert sum(len(message.files) for message in await harness.see()) == 1

    async def test_final_text_is_exact(self, harness: Harness) -> None:
        """After any writes the channel shows exactly the final text."""
        draft = await harness.draft(uuid.uuid4().hex)
        await draft.write("The first")
        await draft.write("The first draft of")
        await draft.finish(Answer(text="The final text."))
        assert [message.text for message in await harness.see()] == ["The final text."]

    async def test_an_answer_made_again_from_the_start(self, harness: Harness) -> None:
        """A failed try's text gives way to that of the next: nothing of it stays, nothing is shown twice."""
        draft = await harness.draft(uuid.uuid4().hex)
        await draft.write("One way to see it is\n\nthis")
        await draft.status(Status("trying again"))
        await draft.write("Another way")
        await draft.finish(Answer(text="Another way to see it."))
        assert [message.text for message in await harness.see()] == ["Another way to see it."]

    @needs("growing text")
    async def test_text_is_seen_while_it_grows(self, harness: Harness) -> None:
        """People read along: what is finished of a growing answer is there before the rest."""
        draft = await harness.draft(uuid.uuid4().hex)
        await draft.write("The first paragraph.\n\nThe second")
        assert "The first paragraph." in await harness.text()
        await draft.write("The first paragraph.\n\nThe second paragraph.\n\nThe third")
        assert "The second paragraph." in await harness.text()
        assert len(await harness.see()) == 1
        await draft.finish(Answer(text="The first paragraph.\n\nThe second paragraph.\n\nThe third."))
        assert " ".join((await harness.text()).split()) == "The first paragraph. The second paragraph. The third."

    @needs("status")
    async def test_a_status_is_seen_until_the_answer_is_there(self, harness: Harness) -> None:
        """People see what is being done, how far it is and how long it has taken; then only the answer."""
        draft = await harness.draft(uuid.uuid4().hex)
        await draft.status(Status("painting it", progress=0.5, elapsed=67.0))
        shown = await harness.see_status()
        assert "painting it" in shown
        assert "50%" in shown
        assert "1:07" in shown
        await draft.finish(Answer(text="Here it is."))
        assert await harness.see_status() == ""
        assert await harness.count("painting it") == 0

    async def test_statuses_do_not_remain(self, harness: Harness) -> None:
        """A status is gone when the answer is there."""
        draft = await harness.draft(uuid.uuid4().hex)
        await draft.status(Status("painting it"))
        await draft.status(Status("still painting it", progress=0.5, elapsed=7.0))
        await draft.finish(Answer(text="Here it is."))
        assert await harness.count("painting") == 0
        assert await harness.count("Here it is.") == 1

    # -- answers that go or change

    @needs("removal")
    async def test_an_empty_answer_removes_what_was_shown(self, harness: Harness) -> None:
        """When there is nothing to say after all, nothing stays: no status, no text, no button."""
        draft = await harness.draft(uuid.uuid4().hex)
        await draft.status(Status("working"))
        await draft.write("The first paragraph.\n\nThe second")
        await draft.finish(Answer())
        await draft.finish(Answer())
        assert await harness.see() == []

    async def test_an_empty_answer_shows_nothing(self, harness: Harness) -> None:
        """An answer that was empty from the start is never seen."""
        draft = await harness.draft(uuid.uuid4().hex)
        await draft.finish(Answer())
        assert not [message for message in await harness.see() if message.text.strip() or message.files]

    @needs("removal")
    async def test_an_answer_can_be_taken_away(self, harness: Harness) -> None:
        """An answer with files and buttons that is deleted later is gone with all of them, also for a later process."""
        key = uuid.uuid4().hex
        answer = Answer(text=long_markdown(9_000), media=(media(harness.folder, "fox.png", 100),), actions=ACTIONS)
        draft = await harness.draft(key)
        await draft.finish(answer)
        ref = draft.ref
        await harness.restart(run=False)
        await (await harness.draft(key, ref=ref)).finish(Answer())
        assert await harness.see() == []

    @needs("removal")
    async def test_an_answer_can_be_replaced(self, harness: Harness) -> None:
        """Made again, an answer takes the place of the one before it: nothing of that stays."""
        key = uuid.uuid4().hex
        draft = await harness.draft(key)
        await draft.finish(Answer(text=long_markdown(9_000), actions=ACTIONS))
        ref = draft.ref
        await harness.restart(run=False)
        again = await harness.draft(key, ref=ref)
        await again.finish(Answer(text="Short now."))
        assert [(message.text, message.buttons) for message in await harness.see()] == [("Short now.", ())]

    @needs("removal")
    async def test_an_answer_can_become_longer(self, harness: Harness) -> None:
        """Made again, a short answer becomes one of several messages, whole and in order."""
        key = uuid.uuid4().hex
        text = long_markdown(9_000)
        draft = await harness.draft(key)
        await draft.finish(Answer(text="Short."))
        await draft.finish(Answer(text=text))
        shown = await harness.text()
        assert words(shown) == words(text)
        assert "Short." not in shown

    async def test_delivery_without_run(self, harness: Harness) -> None:
        """A process that receives nothing can deliver."""
        await harness.restart(run=False)
        draft = await harness.draft(uuid.uuid4().hex)
        await draft.status(Status("working"))
        await draft.finish(Answer(text="delivered"))
        assert await harness.count("delivered") == 1
