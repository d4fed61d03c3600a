"""What an installation offers: the sizes that its models take, no disabled commands, and captions that are true."""

from pathlib import Path
from typing import Any

import pytest

from adapters.discord.setup.application_commands import build_commands
from adapters.slack.setup.manifest import build_manifest
from bot.commandline.parser import parse
from bot.commands import load_offered
from bot.errors import SettingsError, UsageError
from bot.settings.core import Settings
from tests.support import command_runner as support
from tests.support.command_runner import command_runner
from tests.support.media_files import image, sound


def settings_of(folder: Path, **given: Any) -> Settings:
    return Settings(_env_file=None, bot_data_dir=folder, **given)  # type: ignore[call-arg, unused-ignore]


def choices(settings: Settings, command: str, option: str) -> tuple[tuple[str, ...], str]:
    """Allowed values and default of an option."""
    found = load_offered(settings).find(command)
    assert found is not None
    described = found.spec.option(option)
    assert described is not None
    return described.choices, described.default


OPENAI: dict[str, Any] = {"aimodels_api_flavor": "openai"}


@pytest.mark.parametrize(
    ("given", "sizes", "default"),
    [
        ({}, ("512x512", "1024x1024", "2048x2048"), "1024x1024"),
        ({"bot_image_models": ("dall-e-3",)}, ("512x512", "1024x1024", "2048x2048"), "1024x1024"),
        ({**OPENAI, "bot_image_models": ("dall-e-3",)}, ("1024x1024", "1792x1024", "1024x1792"), "1024x1024"),
        (
            {**OPENAI, "bot_image_models": ("openai/gpt-image-1", "dall-e-2")},
            ("1024x1024", "1536x1024", "1024x1536", "auto", "256x256", "512x512"),
            "1024x1024",
        ),
        ({**OPENAI, "bot_image_models": ("flux",)}, ("512x512", "1024x1024", "2048x2048"), "1024x1024"),
        (
            {"bot_image_models": ("flux",), "bot_model_sizes": ("flux=768x512|512x768",)},
            ("768x512", "512x768"),
            "768x512",
        ),
    ],
)
def test_image_sizes_are_those_of_the_models(
    tmp_path: Path, given: dict[str, Any], sizes: tuple[str, ...], default: str
) -> None:
    """OpenAI's models are known where the flavour is openai; the operator's own sizes always win."""
    assert choices(settings_of(tmp_path, **given), "image", "size") == (sizes, default)


async def test_a_size_that_the_model_does_not_make_is_refused_with_the_nearest(tmp_path: Path) -> None:
    """The sizes offered are those of all models; the one that is used decides, and its usual size is the default."""
    models = ("wide", "dall-e-2")
    sizes = ("wide=1536x1024",)
    async with command_runner(tmp_path, bot_image_models=models, bot_model_sizes=sizes, **OPENAI) as runner:
        with pytest.raises(UsageError, match=r"`wide`. Allowed: 1536x1024. The nearest is `1536x1024`"):
            await runner.ask("image", "a fox", options={"size": "512x512"})
        await runner.ask("image", "a fox")
        await runner.ask("image", "a fox", options={"size": "512x512", "model": "dall-e-2"})
        assert [body["size"] for body in runner.api_server.bodies("images")] == ["1536x1024", "512x512"]


async def test_a_video_is_as_long_and_as_large_as_the_model_makes_it(tmp_path: Path) -> None:
    """Sora makes 4, 8 or 12 seconds in two shapes."""
    async with command_runner(tmp_path, bot_video_models=("sora-2",), **OPENAI) as runner:
        await runner.ask("video", "a fox", options={"duration": "7", "resolution": "720x1280"})
        await runner.ask("video", "a fox")
        asked = [(body["duration"], body["resolution"]) for body in runner.api_server.bodies("video")]
    assert asked == [(8, "720x1280"), (4, "1280x720")]


def test_a_typed_size_is_answered_with_the_nearest(tmp_path: Path) -> None:
    """The sentence about a wrong flag names it."""
    specs = load_offered(settings_of(tmp_path)).specs
    assert "Did you mean `512x512`?" in parse("/image a fox --size 100x100", specs).rejection


async def test_the_caption_says_what_the_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server may make another length, format or size than was asked for: the caption is of the file."""
    monkeypatch.setitem(support.FILES, "a.wav", ("audio/mpeg", sound("mp3", "libmp3lame", seconds=5)))
    monkeypatch.setitem(support.FILES, "a.png", ("image/png", image("PNG")))
    async with command_runner(tmp_path) as runner:
        said = await runner.ask("audio", "rain", options={"duration": "10", "format": "wav"})
        assert said.text == "audiogen · 5 s · mp3"
        assert said.turn_record is not None
        assert said.turn_record.assistant == "[audio: rain, 5 s, mp3]"
        painted = await runner.ask("image", "a fox", options={"style": "anime"})
        assert painted.text.startswith("seeddream-4.0 · anime · 123x45")


async def test_a_disabled_command_is_offered_nowhere(tmp_path: Path) -> None:
    """No help, no completion, no slash command, no shortcut, no button, no model to choose; asked for, it says so."""
    disabled = ("video", "image")
    registry = load_offered(settings_of(tmp_path, bot_disabled_commands=disabled))
    assert {spec.name for spec in registry.specs} & {*disabled} == set()
    manifest = build_manifest(registry.specs, url=None, prefix="")
    names = [shortcut["callback_id"] for shortcut in manifest["features"]["shortcuts"]]
    assert not {"picture", "animate", "make:image", "make:video"} & {*names}
    assert [each["command"] for each in manifest["features"]["slash_commands"] if each["command"][1:] in disabled] == []
    assert len(manifest["features"]["agent_view"]["suggested_prompts"]) == 3
    assert not {"image", "video", "Animate picture"} & {command["name"] for command in build_commands(registry.specs)}
    async with command_runner(tmp_path, bot_disabled_commands=("video", "audio"), aimodels_speech=True) as runner:
        answered = await runner.ask("chat", "hello")
        assert answered.text == "Hello there."
        assert "aloud" not in {action.name for action in answered.actions}
        assert "/video" not in (await runner.ask("help")).text
        assert "videogen-pro" not in (await runner.ask("model")).text
        painted = await runner.ask("image", "a fox")
        assert [action.command for action in painted.actions if action.command == "video"] == []
        with pytest.raises(UsageError, match=r"`/video` is not offered here"):
            await runner.ask("video", "a fox")
        assert runner.api_server.bodies("video") == []


@pytest.mark.parametrize("name", ["chat", "vidoe", "delete"])
def test_what_can_not_be_disabled_is_said(tmp_path: Path, name: str) -> None:
    """The sentence names the setting and what it may hold."""
    with pytest.raises(SettingsError, match=r"BOT_DISABLED_COMMANDS.*video"):
        load_offered(settings_of(tmp_path, bot_disabled_commands=(name,)))


def test_a_fallback_that_is_not_offered_is_a_mistake(tmp_path: Path) -> None:
    """A misspelt model would answer nothing."""
    with pytest.raises(SettingsError, match=r"BOT_IMAGE_FALLBACKS.*flx.*BOT_IMAGE_MODELS"):
        load_offered(settings_of(tmp_path, bot_image_models=("flux",), bot_image_fallbacks=("flx",)))


def test_sizes_of_a_model_that_is_not_offered_are_a_mistake(tmp_path: Path) -> None:
    """A misspelt model's sizes would be ignored."""
    with pytest.raises(SettingsError, match=r"BOT_MODEL_SIZES.*flx"):
        load_offered(settings_of(tmp_path, bot_image_models=("flux",), bot_model_sizes=("flx=768x512",)))
