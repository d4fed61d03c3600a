"""The whole service with files that are made to take minutes of CPU or gigabytes of memory."""

import asyncio
import base64
import io
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import docx
import pytest

from tests.support.channel.adapter import channel_server
from tests.support.hostile.children import parsers, until_parsing
from tests.support.hostile.office import huge
from tests.support.killed_service import serve
from tests.support.media_files import PNG, noise, slow_pdf
from tests.support.processes import process
from tests.support.scripted_api import chat_data, data, scripted_api
from tests.support.service import Service, quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Service]:
    async with service(tmp_path, bot_seeing_models="seer", bot_chat_models="seer", bot_shutdown_timeout=0) as running:
        yield running


async def attach(one: Service, who: str, conversation: str = "", **files: bytes) -> str:
    """Ask about files; return the event's id."""
    named = {name.replace("_", "."): data.decode("latin-1") for name, data in files.items()}
    return await one.channel.ask(
        f"{who} asks", who=who, conversation=conversation or who, files=named, encoding="latin-1"
    )


async def test_one_person_s_file_holds_nobody_up(one: Service) -> None:
    """While a prepared PDF is read, another person's text and pictures are; stopping ends the reading.

    Of a Word file that unpacks to gigabytes a sentence says why it is not read.
    """
    bomb = await attach(one, "ada", report_pdf=slow_pdf())
    parser = await until_parsing()
    one.echo.instead.append(data(chat_data("I see.")))
    docx.Document().save(word := io.BytesIO())
    bomb_docx, large_png = huge(word.getvalue()), noise(600, 600)
    event = await attach(one, "bob", notes_txt=b"hello", bomb_docx=bomb_docx, small_png=PNG, large_png=large_png)
    await one.channel.wait_for_answers(event)
    note = "> bomb.docx was not read: it takes too much memory. Attach a smaller file."
    assert one.answer(event).text == f"{note}\n\nI see."
    assert parsers() == [parser]
    await one.ask("", command="stop", who="ada", conversation="ada")
    await one.channel.wait_for_answers(bomb)
    assert not parsers()


async def test_one_person_s_files_are_read_one_after_the_other(one: Service) -> None:
    """However many files a person sends in however many messages, one process at a time is theirs."""
    for number in range(4):
        await attach(one, "ada", f"c{number}", report_pdf=slow_pdf())
    parser = await until_parsing()
    await one.channel.until(lambda: len(one.channel.messages) == 4)
    one.echo.instead.append(data(chat_data("I see.")))
    event = await attach(one, "bob", large_png=noise(600, 600))
    await one.channel.wait_for_answers(event)
    assert parsers() == [parser]


async def test_a_stop_of_the_service_ends_the_reading(one: Service) -> None:
    """What is read when the service stops is left for the next start."""
    await attach(one, "ada", report_pdf=slow_pdf())
    parser = await until_parsing()
    await one.stop()
    assert not parser.is_running()


async def test_a_killed_service_leaves_no_process(tmp_path: Path) -> None:
    """A process that parses a file ends with the service, even if the service could not end it."""
    async with asyncio.timeout(300), scripted_api() as api, channel_server() as channel:
        environment = {"AIMODELS_BASE_URL": api.url, "AIMODELS_API_KEY": "key", "BOT_DATA_DIR": str(tmp_path)}
        async with process(serve, channel.url, environment=environment, folder=tmp_path) as doomed:
            await channel.ask("read", files={"a.pdf": slow_pdf().decode("latin-1")}, encoding="latin-1")
            parser = await until_parsing(doomed.pid)
            doomed.send_signal(signal.SIGKILL)
            await asyncio.to_thread(parser.wait, 60)


async def test_pictures_of_a_request_are_bounded(one: Service) -> None:
    """Pictures of several megabytes are a request of a few megabytes."""
    picture = noise(1400, 1000)
    one.echo.instead.append(data(chat_data("I see.")))
    event = await attach(one, "ada", a_png=picture, b_png=picture, c_png=picture)
    await one.channel.wait_for_answers(event)
    content = one.echo.bodies[0]["messages"][-1]["content"]
    sizes = [len(base64.b64decode(part["image_url"]["url"].partition(",")[2])) for part in content[1:]]
    assert len(picture) > 4_000_000
    assert len(sizes) == 3
    assert max(sizes) <= 1_000_000
