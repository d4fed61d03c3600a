"""Laws of what an answer shows: files, long texts, code, and nothing that shouts or leaks."""

import uuid

import pytest

from bot.models import Answer, Media
from tests.contract.adapter.harness import Harness, needs
from tests.contract.adapter.samples import long_markdown, media, words

CODE = """\
def f(x):
    if x < 2 and "a" > "b" or x & 1:
        return f"<{x}>"  # @everyone <!channel> *not bold*


f(1)"""


class Content:
    """See `AdapterContract`."""

    async def test_files_are_shown_with_names_and_sizes(self, harness: Harness) -> None:
        """Files are shown with their names and sizes, in order."""
        files = (media(harness.folder, "red-fox.png", 2345), media(harness.folder, "snow.png", 99))
        draft = await harness.draft(uuid.uuid4().hex)
        await draft.finish(Answer(text="Two pictures.", media=files))
        shown = await harness.see()
        assert [file for message in shown for file in message.files] == [("red-fox.png", 2345), ("snow.png", 99)]
        assert await harness.count("Two pictures.") == 1

    async def test_media_without_text(self, harness: Harness) -> None:
        """An answer may be a file alone."""
        draft = await harness.draft(uuid.uuid4().hex)
        await draft.finish(Answer(media=(media(harness.folder, "fox.png", 100),)))
        assert [file for message in await harness.see() for file in message.files] == [("fox.png", 100)]

    @pytest.mark.parametrize("content_type", ["audio/mpeg", "video/mp4", "application/pdf"])
    async def test_sound_films_and_documents_are_shown_like_pictures(self, harness: Harness, content_type: str) -> None:
        """Sound, films and documents are shown like pictures."""
        draft = await harness.draft(uuid.uuid4().hex)
        file = media(harness.folder, "one.bin", 100, content_type)
        await draft.finish(Answer(text="Here.", media=(file,)))
        assert [file for message in await harness.see() for file in message.files] == [("one.bin", 100)]

    async def test_linked_media(self, harness: Harness) -> None:
        """A file that is too big to be uploaded is a link."""
        big = Media(name="film.mp4", content_type="video/mp4", size=9 << 30, url="https://files.example/film.mp4")
        draft = await harness.draft(uuid.uuid4().hex)
        await draft.finish(Answer(text="Your film.", media=(big,)))
        shown = await harness.see()
        assert "https://files.example/film.mp4" in "\n".join(f"{message.text} {message.handle}" for message in shown)
        assert not [file for message in shown for file in message.files]

    @needs("missing files")
    async def test_a_missing_file_does_not_take_the_answer_along(self, harness: Harness) -> None:
        """A file that is no longer on the disk is named in a sentence; the rest of the answer is shown."""
        gone, there = media(harness.folder, "gone.png", 100), media(harness.folder, "there.png", 100)
        assert gone.path is not None
        gone.path.unlink()
        draft = await harness.draft(uuid.uuid4().hex)
        await draft.finish(Answer(text="Two pictures.", media=(gone, there)))
        text = await harness.text()
        assert "Two pictures." in text
        assert "gone.png" in text
        assert [file for message in await harness.see() for file in message.files] == [("there.png", 100)]

    async def test_private_answers(self, harness: Harness) -> None:
        """A private answer is shown to the asker only."""
        draft = await harness.draft(uuid.uuid4().hex, private=True)
        await draft.finish(Answer(text="for you alone", private=True))
        (message,) = [message for message in await harness.see() if "for you alone" in message.text]
        assert message.private

    @needs("several people")
    async def test_nobody_else_sees_private_answers(self, harness: Harness) -> None:
        """Nor does anybody else see that one is being written."""
        draft = await harness.draft(uuid.uuid4().hex, private=True)
        await draft.write("for you al")
        await draft.finish(Answer(text="for you alone", private=True))
        assert await harness.see(by="bob") == []

    async def test_long_text_arrives_whole(self, harness: Harness) -> None:
        """40,000 characters with fences and tables in two languages arrive whole and in order."""
        text = long_markdown(40_000)
        draft = await harness.draft(uuid.uuid4().hex)
        await draft.write(text[:20_000])
        await draft.finish(Answer(text=text))
        assert words(await harness.text()) == words(text)

    async def test_several_messages_in_order(self, harness: Harness) -> None:
        """An answer of a few messages is shown in order, also when it grew before."""
        text = long_markdown(9_000)
        draft = await harness.draft(uuid.uuid4().hex)
        await draft.write(text[:3_000])
        await draft.write(text[:6_000])
        await draft.finish(Answer(text=text))
        assert words(await harness.text()) == words(text)

    async def test_code_is_kept_to_the_letter(self, harness: Harness) -> None:
        """Code is for copying: not a character of it changes, whatever else it might mean to the platform."""
        draft = await harness.draft(uuid.uuid4().hex)
        await draft.finish(Answer(text=f"Run this:\n\n```python\n{CODE}\n```\n\nThat is all."))
        assert CODE in await harness.text()

    async def test_long_code_is_kept_to_the_letter(self, harness: Harness) -> None:
        """So is code that takes more than one message: each line is there once, and in order."""
        lines = [f"    value_{number} = compute(value_{number - 1})" for number in range(1, 200)]
        draft = await harness.draft(uuid.uuid4().hex)
        await draft.finish(Answer(text="Run this:\n\n```python\n" + "\n".join(lines) + "\n```\n\nThat is all."))
        shown = [line.rstrip() for line in (await harness.text()).splitlines()]
        assert [line for line in shown if "compute" in line] == lines

    @needs("notification")
    async def test_answers_notify_nobody(self, harness: Harness) -> None:
        """A model's text can't notify: mentions of everybody, of groups and of people are mere text."""
        text = harness.shout()
        draft = await harness.draft(uuid.uuid4().hex)
        await draft.write(f"Look: {text}\n\nand")
        await draft.finish(Answer(text=f"Look: {text}\n\nand `{text}`"))
        assert await harness.pings() == []
        assert await harness.count("Look:") == 1

    async def test_texts_that_look_like_markup(self, harness: Harness) -> None:
        """Text that means something to the platform, and nothing in Markdown, is shown as it is."""
        draft = await harness.draft(uuid.uuid4().hex)
        text = "if a < b && b > c: 5 * 3 * 2, snake_case_name, 50% off, 1 | 2"
        await draft.finish(Answer(text=text))
        assert text in (await harness.text()).replace("\\", "")
