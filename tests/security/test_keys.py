"""The signing key is generated once, readable by the service only, never empty and never shown."""

import concurrent.futures
import stat
from pathlib import Path
from typing import Any

import pytest

from bot.errors import SettingsError
from bot.security.keys import signing_key
from bot.settings.core import Settings


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
    assert signing_key(settings(tmp_path, bot_secret_key="chosen")).get_secret_value() == "chosen"
    assert not any(tmp_path.iterdir())


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
    chosen = settings(tmp_path, bot_secret_key="very-secret", aimodels_api_key="very-secret")
    key = signing_key(chosen)
    assert "very-secret" not in f"{chosen!r} {chosen} {key!r} {key}"
