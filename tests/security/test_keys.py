"""The signing key is generated once, readable by the service only, never empty and never shown."""

import concurrent.futures
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.errors import SettingsError
from bot.security.keys import encryption_keys, signing_key
from bot.security.shared_keys import can_share
from bot.settings.core import Settings

STRONG = secrets.token_urlsafe(32)


def settings(folder: Path, **more: Any) -> Settings:
    return Settings(_env_file=None, bot_data_dir=folder, **more)  # type: ignore[call-arg]


def test_a_key_is_made_once(tmp_path: Path) -> None:
    """The first start generates a long random key and later starts load it; its file is readable by the owner only."""
    first = signing_key(settings(tmp_path / "data"))
    assert len(first.get_secret_value()) >= 32
    assert signing_key(settings(tmp_path / "data")) == first
    assert signing_key(settings(tmp_path / "other")) != first
    assert stat.S_IMODE((tmp_path / "data" / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret.key"]


def test_a_chosen_key_is_used_and_not_kept(tmp_path: Path) -> None:
    """BOT_SECRET_KEY takes precedence, and no file is written."""
    assert signing_key(settings(tmp_path, bot_secret_key=STRONG)).get_secret_value() == STRONG
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("key", ["a", "cat1", "k" * 64, "correct horse battery", "0123456789abcdef" * 2])
def test_a_key_that_can_be_guessed_is_refused(tmp_path: Path, key: str) -> None:
    """The sentence says how to make one, and does not show the key."""
    for name in ("bot_secret_key", "bot_encryption_keys"):
        with pytest.raises(SettingsError, match="token_urlsafe") as caught:
            encryption_keys(settings(tmp_path, **{name: key}))
        assert f" {key} " not in f" {caught.value} "


@pytest.mark.parametrize("make", [secrets.token_urlsafe, secrets.token_hex])
def test_random_keys_are_accepted(tmp_path: Path, make: Callable[[int], str]) -> None:
    """However the 32 bytes are written."""
    key = make(32)
    assert signing_key(settings(tmp_path, bot_secret_key=key)).get_secret_value() == key


def test_a_random_key_with_few_different_characters_is_accepted(tmp_path: Path) -> None:
    """The least of 200,000 that the command of the sentence has made had 21."""
    key = ("ABCDEFGHIJKLMNOPQRSTU" * 3)[: len(STRONG)]
    assert signing_key(settings(tmp_path, bot_secret_key=key)).get_secret_value() == key


def test_encryption_keys(tmp_path: Path) -> None:
    """The first has to be strong, old ones behind it stay usable; a list of nothing is a sentence."""
    found = encryption_keys(settings(tmp_path, bot_encryption_keys=f"{STRONG}, old,, older"))
    assert [key.get_secret_value() for key in found] == [STRONG, "old", "older"]
    for nothing in (",", " , ,"):
        with pytest.raises(SettingsError, match="BOT_ENCRYPTION_KEYS"):
            encryption_keys(settings(tmp_path, bot_encryption_keys=nothing))


def test_a_new_key_goes_behind_the_present_one_first() -> None:
    """In each step processes of the step before can read what those of this step encrypt; no step can be left out."""
    steps = [["old"], ["old", "new"], ["new", "old"], ["new"]]
    allowed = {(i, j) for i, one in enumerate(steps) for j, other in enumerate(steps) if can_share(one, other)}
    assert allowed == {(i, j) for i in range(4) for j in range(4) if abs(i - j) <= 1}


def test_starts_at_the_same_time_agree(tmp_path: Path) -> None:
    """Of several processes the first generates the key, and all use the same one."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: signing_key(settings(tmp_path)).get_secret_value(), range(32)))
    assert len(keys) == 1


@pytest.mark.parametrize("content", [b"", b"\n", b"short", "schlüssel".encode() * 10, b"\xff" * 40])
def test_a_damaged_key_is_not_signed_with(tmp_path: Path, content: bytes) -> None:
    """An empty, short or unreadable key stops the start with an instruction; its content is not shown."""
    (tmp_path / "secret.key").write_bytes(content)
    with pytest.raises(SettingsError, match="delete it") as caught:
        signing_key(settings(tmp_path))
    assert "short" not in str(caught.value)


def test_a_folder_that_can_not_be_used_is_a_sentence(tmp_path: Path) -> None:
    """An error in writing the key names the setting to change."""
    (tmp_path / "data").write_text("a file")
    with pytest.raises(SettingsError, match="BOT_DATA_DIR"):
        signing_key(settings(tmp_path / "data"))


def test_the_key_is_not_in_the_settings_text(tmp_path: Path) -> None:
    """`repr` and `str` of settings and key show no secret."""
    chosen = settings(tmp_path, bot_secret_key=STRONG, aimodels_api_key=STRONG)
    key = signing_key(chosen)
    assert STRONG not in f"{chosen!r} {chosen} {key!r} {key}"
