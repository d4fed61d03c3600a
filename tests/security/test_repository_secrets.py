"""No secret of a real service is in a file of the repository."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Folders of a checkout without Git that hold nothing of ours.
_FOREIGN = {".venv", "node_modules", "data", "build", "dist"}
#: Formats of secrets as the services document them; what the simulators and tests use is shorter.
TOKENS = {
    "Slack token": r"xox[abeoprs](?:\.xox[bp])?-\d{10,}-[\w-]{20,}",
    "Slack app token": r"xapp-\d-[A-Z0-9]{9,}-\d{10,}-[0-9a-f]{32,}",
    "Discord token": r"[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}",
    "API key": r"sk-(?:[a-z]+-)?[A-Za-z0-9_-]{32,}",
    "AWS key": r"AKIA[0-9A-Z]{16}\b",
    "GitHub token": r"(?:gh[opsu]_\w{36}|github_pat_\w{60,})",
    "PyPI or npm token": r"(?:pypi-AgEI\w{50,}|npm_\w{36})",
}
#: Any of them, where a word begins: one search of a file takes a fraction of seven.
_TOKEN = re.compile(rf"\b(?:{'|'.join(TOKENS.values())})")
_PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}")


def find_secrets(text: str) -> list[str]:
    """Return the kinds of secrets in a text."""
    found = (
        [kind for kind, pattern in TOKENS.items() if re.search(rf"\b{pattern}", text)] if _TOKEN.search(text) else []
    )
    return [*found, "private key"] if _PRIVATE_KEY.search(text) else found


def repository_files() -> list[Path]:
    """Return the files that Git knows or would add; without Git, all that are ours."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return [ROOT / name for name in done.stdout.split("\0") if name]
    found = (path for path in ROOT.rglob("*") if path.is_file())
    return [path for path in found if not _FOREIGN & set(path.relative_to(ROOT).parts)]


def test_no_secret_is_in_the_repository() -> None:
    """Whatever its name or format."""
    found = {
        str(path.relative_to(ROOT)): kinds
        for path in repository_files()
        if path.is_file() and (kinds := find_secrets(path.read_bytes().decode("latin-1")))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("Slack token", ("xoxb-", "1234567890", "-1234567890123-", "a" * 24)),
        ("Slack app token", ("xapp-", "1-A0123456789-", "1234567890123-", "0" * 64)),
        ("Discord token", ("MTIzNDU2Nzg5MDEyMzQ1Njc4", ".Gabcde.", "x" * 38)),
        ("API key", ("sk-", "proj-", "a" * 48)),
        ("AWS key", ("AKIA", "A" * 16)),
        ("GitHub token", ("ghp_", "a" * 36)),
        ("PyPI or npm token", ("npm_", "a" * 36)),
        ("private key", ("-----BEGIN ", "PRIVATE KEY-----\n", "A" * 64)),
    ],
)
def test_secrets_are_recognised(kind: str, parts: tuple[str, ...]) -> None:
    """One of each kind, put together here so that this file has none."""
    assert find_secrets(f'token = "{"".join(parts)}"') == [kind]
