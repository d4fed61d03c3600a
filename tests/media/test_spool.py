"""Files are stored whole, of the right kind and size, or not at all."""

import asyncio
import base64
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.errors import (
    ClipsNotJoined,
    DownloadFailed,
    FileNotSaved,
    MediaError,
    MediaTooLarge,
    MediaUnavailable,
    WrongContent,
)
from tests.support.media_files import noise
from tests.support.media_servers import HOST, Certificate, OfferedFile, make_spool, send_body, serve, serve_raw


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_file_is_stored_whole(folder: Path, certificate: Certificate, png: bytes, chunked: bool) -> None:
    """The file has exactly the sent bytes, and its properties come from its content."""
    async with serve(send_body(png, chunked=chunked), tls=certificate.server) as public:
        url = f"https://{HOST}:{public.port}/a"
        async with make_spool(folder, certificate) as spool:
            media = await spool.fetch(
                OfferedFile(url, width=1, height=1, duration=None),
                kind="image",
                name="a fox",
                event="e",
                description="fox",
            )
    assert media.path is not None
    assert media.path.read_bytes() == png
    assert (media.name, media.content_type, media.size) == ("a-fox.png", "image/png", len(png))
    assert (media.width, media.height, media.source_url, media.description) == (300, 200, url, "fox")


async def test_a_file_that_is_made_here_is_stored_whole(folder: Path, certificate: Certificate, png: bytes) -> None:
    """What writes it is given a path; where that fails nothing is left."""

    async def write(path: Path) -> str:
        path.write_bytes(png)
        return "image/png"

    async def fail(path: Path) -> str:
        await write(path)
        raise ClipsNotJoined("damaged", clip=1)

    async with make_spool(folder, certificate) as spool:
        media = await spool.make("a fox", write, event="e", person="ada")
        assert media.path is not None
        assert media.path.read_bytes() == png
        assert (media.name, media.content_type, media.size, media.width) == ("a-fox.png", "image/png", len(png), 300)
        with pytest.raises(ClipsNotJoined):
            await spool.make("a bear", fail, event="e", person="ada")
    assert files(folder) == [media.path]


async def test_a_folder_that_takes_no_files_is_reported(folder: Path, certificate: Certificate) -> None:
    """A check of the folder fails with the reason, before anybody asks for a file."""
    async with make_spool(folder, certificate) as spool:
        folder.rmdir()
        folder.touch()
        with pytest.raises(MediaUnavailable, match="Not a directory"):
            await spool.check()


async def test_a_long_making_does_not_hold_up_others(folder: Path, certificate: Certificate) -> None:
    """While one file is being made, another one is made smaller."""
    async with make_spool(folder, certificate) as spool:
        shown = await spool.write("big.png", noise(200, 150), content_type="image/png", event="e")

        async def write(path: Path) -> str:
            async with asyncio.timeout(120):
                smaller, _ = await spool.fit(shown, 40_000, person="bob")
            assert smaller.path is not None
            path.write_bytes(smaller.path.read_bytes())
            return smaller.content_type

        media = await spool.make("a fox", write, event="e", person="ada")
    assert 0 < media.size <= 40_000


async def test_a_repetition_overwrites(folder: Path, certificate: Certificate, png: bytes) -> None:
    """The same event and name overwrite a file; another event or name has its own."""
    async with serve(send_body(png), tls=certificate.server) as public, make_spool(folder, certificate) as spool:
        item = OfferedFile(f"https://{HOST}:{public.port}/a")
        for name, event in (("a", "1"), ("a", "1"), ("狐狸", "1"), ("熊", "1"), ("a", "2")):
            await spool.fetch(item, kind="image", name=name, event=event)
    assert len(files(folder)) == 4


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_file_over_the_limit_is_refused(
    folder: Path, certificate: Certificate, png: bytes, chunked: bool
) -> None:
    """A file over the limit ends the transfer, with or without a declared length."""
    async with (
        serve(send_body(png + bytes(500_000), chunked=chunked), tls=certificate.server) as public,
        make_spool(folder, certificate, max_bytes=400_000) as spool,
    ):
        with pytest.raises(MediaTooLarge):
            await spool.fetch(OfferedFile(f"https://{HOST}:{public.port}/"), kind="image", name="a", event="e")
    assert not files(folder)


@pytest.mark.parametrize(
    "body",
    [b"<!doctype html><title>Sign in</title>" * 50, b'{"error": "expired"}', b"", b"\x00" * 2000, b"MZ" + bytes(600)],
)
async def test_another_content_is_refused(folder: Path, certificate: Certificate, body: bytes) -> None:
    """An error page declared as an image is refused."""
    async with serve(send_body(body), tls=certificate.server) as public, make_spool(folder, certificate) as spool:
        with pytest.raises(WrongContent):
            await spool.fetch(OfferedFile(f"https://{HOST}:{public.port}/a.png"), kind="image", name="a", event="e")
    assert not files(folder)


async def test_an_image_is_no_video(folder: Path, certificate: Certificate, png: bytes) -> None:
    """A known type of another kind is refused."""
    async with (
        serve(send_body(png, content_type="video/mp4"), tls=certificate.server) as public,
        make_spool(folder, certificate) as spool,
    ):
        with pytest.raises(WrongContent):
            await spool.fetch(OfferedFile(f"https://{HOST}:{public.port}/"), kind="video", name="a", event="e")


async def test_the_header_does_not_decide(folder: Path, certificate: Certificate, png: bytes) -> None:
    """The bytes decide the type, not the server's header."""
    async with (
        serve(send_body(png, content_type="text/html"), tls=certificate.server) as public,
        make_spool(folder, certificate) as spool,
    ):
        media = await spool.fetch(OfferedFile(f"https://{HOST}:{public.port}/x.exe"), kind="image", name="a", event="e")
    assert (media.name, media.content_type) == ("a.png", "image/png")


async def test_a_broken_transfer_is_tried_three_times(folder: Path, certificate: Certificate, png: bytes) -> None:
    """A body shorter than declared is never stored."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(png)}\r\n\r\n".encode()
    async with (
        serve_raw(head + png[:-100], tls=certificate.server) as public,
        make_spool(folder, certificate) as spool,
    ):
        with pytest.raises(DownloadFailed):
            await spool.fetch(OfferedFile(f"https://{HOST}:{public.port}/"), kind="image", name="a", event="e")
    assert len(public.requests) == 3
    assert not files(folder)


async def test_a_transfer_that_breaks_once_succeeds(folder: Path, certificate: Certificate, png: bytes) -> None:
    """A new try follows a server error."""
    statuses = [503, 200]

    async def handle(_: web.Request) -> web.StreamResponse:
        return web.Response(status=statuses.pop(0), body=png)

    async with serve(handle, tls=certificate.server) as public, make_spool(folder, certificate) as spool:
        media = await spool.fetch(OfferedFile(f"https://{HOST}:{public.port}/"), kind="image", name="a", event="e")
    assert media.size == len(png)


async def test_a_missing_file_is_requested_once(folder: Path, certificate: Certificate) -> None:
    """A permanent refusal is not retried."""

    async def handle(_: web.Request) -> web.StreamResponse:
        return web.Response(status=404)

    async with serve(handle, tls=certificate.server) as public, make_spool(folder, certificate) as spool:
        with pytest.raises(DownloadFailed, match="404"):
            await spool.fetch(OfferedFile(f"https://{HOST}:{public.port}/"), kind="image", name="a", event="e")
    assert len(public.requests) == 1


@pytest.mark.parametrize("told", [b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n\x89PNG"])
async def test_a_slow_transfer_times_out(folder: Path, certificate: Certificate, told: bytes) -> None:
    """The timeout covers the whole transfer, even if bytes keep arriving."""
    async with (
        serve_raw(told, tls=certificate.server, hold=asyncio.Event()) as public,
        make_spool(folder, certificate, timeout=0.3) as spool,
    ):
        with pytest.raises(DownloadFailed, match="longer than"):
            await spool.fetch(OfferedFile(f"https://{HOST}:{public.port}/"), kind="image", name="a", event="e")
    assert not files(folder)


async def test_a_refused_connection_is_a_media_error(folder: Path, certificate: Certificate) -> None:
    """A refused connection raises a media error."""
    async with make_spool(folder, certificate) as spool:
        with pytest.raises(DownloadFailed):
            await spool.fetch(OfferedFile(f"https://{HOST}:1/"), kind="image", name="a", event="e")
        with pytest.raises(DownloadFailed):
            await spool.fetch(OfferedFile(), kind="image", name="a", event="e")


async def test_base64_is_stored_whole(folder: Path, certificate: Certificate, png: bytes) -> None:
    """Plain, wrapped, unpadded and data-URL base64 yield the same file."""
    plain = base64.b64encode(png).decode()
    forms = [
        OfferedFile(b64_json=plain),
        OfferedFile(b64_json=base64.encodebytes(png).decode()),
        OfferedFile(b64_json=plain.rstrip("=")),
        OfferedFile(b64_json=f"data:image/png;base64,{plain}"),
        OfferedFile(url=f"data:image/png;base64,{plain}"),
    ]
    async with make_spool(folder, certificate) as spool:
        for item in forms:
            media = await spool.fetch(item, kind="image", name="a", event="e")
            assert media.path is not None
            assert media.path.read_bytes() == png
            assert media.source_url == ""


async def test_bad_base64_is_refused(folder: Path, certificate: Certificate, png: bytes) -> None:
    """Invalid base64, other content and too much of it are refused and leave no file."""
    plain = base64.b64encode(png).decode()
    async with make_spool(folder, certificate, max_bytes=len(png)) as spool:
        for text, error in (
            (plain[:5000] + "?!" + plain[5000:], WrongContent),
            ("圖片" + plain, WrongContent),
            (base64.b64encode(b"<html>" * 200).decode(), WrongContent),
            (base64.b64encode(png + b"x").decode(), MediaTooLarge),
        ):
            with pytest.raises(error):
                await spool.fetch(OfferedFile(b64_json=text), kind="image", name="a", event="e")
    assert not files(folder)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/abs/olute", "a\x00b", "..", "", "CON", "x" * 500, "a\nb", "é\u202egnp.exe", "🦊"]
)
async def test_no_name_leaves_the_folder(name: str, folder: Path, certificate: Certificate, png: bytes) -> None:
    """A file of any name is stored in the spool under a safe name."""
    async with make_spool(folder, certificate) as spool:
        item = OfferedFile(b64_json=base64.b64encode(png).decode())
        media = await spool.fetch(item, kind="image", name=name, event="../e\x00")
        own = await spool.write(name, "text", content_type="text/markdown", event="../e")
    for one in (media, own):
        assert one.path is not None
        assert one.path.parent.parent == folder
        assert one.name.isprintable()
        assert 0 < len(one.name) <= 80
        assert not set(one.name) & set('/\\:*?"<>|\0\n')
        assert one.name.rpartition(".")[0].lower() not in {"", "con", ".", ".."}


async def test_own_files_keep_their_extension(folder: Path, certificate: Certificate) -> None:
    """An exported file has the extension of its name, else of its type."""
    async with make_spool(folder, certificate) as spool:
        named = await spool.write("main.py", "x = 'é'", content_type="text/x-python", event="e")
        typed = await spool.write("talk", b"# hi", content_type="text/markdown", event="e")
    assert (named.name, named.size, typed.name) == ("main.py", 8, "talk.md")
    assert named.path is not None
    assert named.path.read_text(encoding="utf-8") == "x = 'é'"


async def test_a_folder_without_permission_is_a_media_error(folder: Path, certificate: Certificate) -> None:
    """A folder that can't be written raises a media error."""
    async with make_spool(folder, certificate) as spool:
        (folder / datetime.now(UTC).date().isoformat()).write_text("in the way")
        with pytest.raises(MediaError):
            await spool.write("a.txt", "x", content_type="text/plain", event="e")


async def test_cancelling_leaves_nothing(folder: Path, certificate: Certificate, png: bytes) -> None:
    """A cancelled download leaves no temporary file."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + png
    async with (
        serve_raw(head, tls=certificate.server, hold=asyncio.Event()) as public,
        make_spool(folder, certificate) as spool,
    ):
        fetching = asyncio.create_task(
            spool.fetch(OfferedFile(f"https://{HOST}:{public.port}/"), kind="image", name="a", event="e")
        )
        while not files(folder):  # noqa: ASYNC110 - the file system tells nobody
            await asyncio.sleep(0)
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching
        assert not files(folder)


async def test_remove_deletes_files_of_the_spool_only(folder: Path, certificate: Certificate, tmp_path: Path) -> None:
    """Removing twice is no error; a path outside the folder is ignored."""
    outside = tmp_path / "precious.txt"
    outside.write_text("x")
    async with make_spool(folder, certificate) as spool:
        media = await spool.write("a.txt", "x", content_type="text/plain", event="e")
        stranger = type(media)(name="p", content_type="text/plain", size=1, path=outside)
        await spool.remove([media, stranger])
        await spool.remove([media])
    assert not files(folder)
    assert outside.exists()


async def test_sweep_deletes_old_and_abandoned_files(folder: Path, certificate: Certificate) -> None:
    """Old files, abandoned temporary files and empty folders go; new files stay."""
    async with make_spool(folder, certificate) as spool:
        new = await spool.write("new.txt", "x", content_type="text/plain", event="e")
        old_day = folder / "2020-01-01"
        old_day.mkdir()
        for name in ("old.txt", "left.abcd.part"):
            (old_day / name).write_text("x")
            os.utime(old_day / name, (0, 0))
        await spool.sweep(None)
        assert not list(folder.rglob("*.part"))
        await spool.sweep(datetime.now(UTC) - timedelta(days=30))
    assert files(folder) == [new.path]
    assert not old_day.exists()


async def test_sweep_keeps_files_that_another_process_writes(
    folder: Path, certificate: Certificate, png: bytes
) -> None:
    """A file in transfer survives another spool's sweep of the folder."""
    go_on = asyncio.Event()

    async def slowly(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = len(png)
        await response.prepare(request)
        await response.write(png[:2000])
        await go_on.wait()
        await response.write(png[2000:])
        return response

    async with (
        serve(slowly, tls=certificate.server) as public,
        make_spool(folder, certificate) as writing,
        make_spool(folder, certificate) as starting,
    ):
        item = OfferedFile(f"https://{HOST}:{public.port}/a", width=1, height=1, duration=None)
        fetching = asyncio.create_task(writing.fetch(item, kind="image", name="a", event="e"))
        while not files(folder):  # noqa: ASYNC110 - a folder tells nobody
            await asyncio.sleep(0.01)
        await starting.sweep(datetime.now(UTC))
        go_on.set()
        media = await fetching
    assert media.path is not None
    assert media.path.read_bytes() == png


async def test_a_full_disk_is_no_failed_download(folder: Path, certificate: Certificate, png: bytes) -> None:
    """A write error of the local disk has its own error class."""
    async with serve(send_body(png), tls=certificate.server) as public, make_spool(folder, certificate) as spool:
        (folder / datetime.now(UTC).date().isoformat()).parent.mkdir(parents=True, exist_ok=True)
        (folder / datetime.now(UTC).date().isoformat()).write_text("in the way", encoding="utf-8")
        item = OfferedFile(f"https://{HOST}:{public.port}/a", width=1, height=1, duration=None)
        with pytest.raises(FileNotSaved):
            await spool.fetch(item, kind="image", name="a", event="e", description="a")
