"""Files over a platform's limit become smaller, a link, or a sentence."""

import base64
import io
import time
from pathlib import Path

import av
import pytest
from PIL import Image
from pydantic import SecretStr

from bot.errors import MediaError
from bot.media.links import sign_link
from bot.models import Media
from tests.support.media_files import film, wav
from tests.support.media_servers import HOST, Certificate, OfferedFile, make_spool, send_body, serve


async def test_a_file_that_fits_is_unchanged(folder: Path, certificate: Certificate, png: bytes) -> None:
    """Without a limit, or within it, the file is unchanged and there is no sentence."""
    async with make_spool(folder, certificate) as spool:
        media = await spool.fetch(
            OfferedFile(b64_json=base64.b64encode(png).decode()), kind="image", name="a", event="e"
        )
        assert await spool.fit(media, None) == (media, "")
        assert await spool.fit(media, media.size) == (media, "")


@pytest.mark.parametrize("clear", [True, False])
async def test_an_image_is_made_smaller(folder: Path, certificate: Certificate, clear: bool) -> None:
    """The image fits, keeps its shape and transparency, and the sentence is in the reader's language."""
    image = Image.effect_noise((800, 400), 90).convert("RGB")
    if clear:
        image.putalpha(Image.effect_noise((800, 400), 90))
    file = io.BytesIO()
    image.save(file, "PNG")
    async with make_spool(folder, certificate) as spool:
        media = await spool.fetch(
            OfferedFile(b64_json=base64.b64encode(file.getvalue()).decode()), kind="image", name="a", event="e"
        )
        smaller, sentence = await spool.fit(media, 40_000, locale="zh-TW")
        assert smaller.path is not None
        with Image.open(smaller.path) as made:
            assert (made.mode == "RGBA") == clear
            assert made.size == (smaller.width, smaller.height)
            assert made.width / made.height == pytest.approx(2, abs=0.05)
        assert smaller.path.stat().st_size == smaller.size <= 40_000
        assert smaller.content_type == ("image/webp" if clear else "image/jpeg")
        assert "縮小" in sentence
        await spool.remove([media])
        assert not smaller.path.exists()


async def test_a_video_is_made_smaller(folder: Path, certificate: Certificate) -> None:
    """The video fits, keeps its duration, and is H.264 in MP4."""
    data = film(seconds=1, noise=True)
    async with make_spool(folder, certificate, max_bytes=20_000_000) as spool:
        media = await spool.fetch(
            OfferedFile(b64_json=base64.b64encode(data).decode()), kind="video", name="a", event="e"
        )
        smaller, sentence = await spool.fit(media, 35_000)
        assert "smaller" in sentence
        assert smaller.size <= 35_000 < media.size
        with av.open(str(smaller.path)) as made:
            assert made.streams.video[0].codec_context.name == "h264"
            assert float(made.duration or 0) / av.time_base == pytest.approx(1, abs=0.1)


async def test_a_file_that_can_not_shrink_becomes_a_link(folder: Path, certificate: Certificate) -> None:
    """With a public URL the result is a signed link to exactly that file."""
    async with make_spool(folder, certificate, public_url="https://bot.example") as spool:
        media = await spool.fetch(
            OfferedFile(b64_json=base64.b64encode(wav()).decode()), kind="audio", name="a", event="e"
        )
        linked, sentence = await spool.fit(media, 1000)
        assert linked.path == media.path
        assert "works for 1 hour." in sentence
        prefix, _, token, name = linked.url.rsplit("/", 3)
        assert prefix == "https://bot.example"
        assert media.path is not None
        found = await spool.open_link(token, name)
        assert found is not None
        assert found.path == media.path.resolve()
        assert await spool.fit(linked, 1000) == (linked, "")


async def test_without_a_public_url_the_api_s_url_is_used(folder: Path, certificate: Certificate) -> None:
    """The API's URL is used; without one, only the sentence is left."""
    async with serve(send_body(wav()), tls=certificate.server) as public, make_spool(folder, certificate) as spool:
        url = f"https://{HOST}:{public.port}/a.wav"
        media = await spool.fetch(OfferedFile(url), kind="audio", name="a", event="e")
        linked, sentence = await spool.fit(media, 1000)
        assert linked.url == url
        assert sentence
        media = await spool.fetch(
            OfferedFile(b64_json=base64.b64encode(wav()).decode()), kind="audio", name="a", event="e"
        )
        unshown, sentence = await spool.fit(media, 1000)
        assert (unshown.path, unshown.url) == (None, "")
        assert "a.wav" in sentence


@pytest.mark.parametrize("shrink_timeout", [0.0, 60.0])
async def test_a_file_that_breaks_the_library_becomes_a_link(
    folder: Path, certificate: Certificate, shrink_timeout: float
) -> None:
    """After a failure or a timeout of shrinking the file becomes a link."""
    data = b"\x89PNG\r\n\x1a\n" + bytes(5000)
    async with make_spool(
        folder, certificate, public_url="https://bot.example", shrink_timeout=shrink_timeout
    ) as spool:
        media = await spool.fetch(
            OfferedFile(b64_json=base64.b64encode(data).decode()), kind="image", name="a", event="e"
        )
        linked, _ = await spool.fit(media, 1000)
    assert linked.url.startswith("https://bot.example/media/")
    assert [path for path in folder.rglob("*") if path.is_file()] == [media.path]


async def test_forged_links_do_not_work(folder: Path, certificate: Certificate, tmp_path: Path) -> None:
    """A changed, expired, foreign or invented token, another name or a removed file find nothing."""
    (tmp_path / "secret.txt").write_text("x")
    async with make_spool(folder, certificate, public_url="https://bot.example") as spool:
        media = await spool.write("a.txt", "x", content_type="text/plain", event="e")
        assert media.path is not None
        token, name = spool.link(media).split("/")[-2:]
        found = await spool.open_link(token, name)
        assert found is not None
        assert found.path == media.path.resolve()
        key, relative = SecretStr("the-signing-key"), media.path.relative_to(folder).as_posix()
        bad = [
            "",
            "x",
            "é",
            "%",
            token[:-1],
            token[::-1],
            *(token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(len(token) - 1)),
            sign_link(key, relative, name, time.time() - 1),
            sign_link(SecretStr("other"), relative, name, time.time() + 99),
            sign_link(key, "../secret.txt", name, time.time() + 99),
            sign_link(key, str(tmp_path / "secret.txt"), name, time.time() + 99),
        ]
        assert [one for one in bad if await spool.open_link(one, name) is not None] == []
        assert await spool.open_link(token, "b.txt") is None
        await spool.remove([media])
        assert await spool.open_link(token, name) is None


async def test_a_file_outside_the_spool_gets_no_link(folder: Path, certificate: Certificate, tmp_path: Path) -> None:
    """Only files of the spool get links."""
    async with make_spool(folder, certificate, public_url="https://bot.example") as spool:
        with pytest.raises(MediaError, match="not in the spool"):
            spool.link(Media(name="a", content_type="text/plain", size=1, path=tmp_path / "a"))
