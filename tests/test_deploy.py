"""How the service is started where it is deployed: the container's file and the Procfile."""

import re
import signal
import tomllib
from pathlib import Path

import pytest

from bot.__main__ import parser
from tests.support.deploy.images import (
    DOCKERFILE,
    PATIENCE,
    ROOT,
    default_command,
    entrypoint,
    environment,
    environment_of_image,
    free_port,
    healthy,
    said,
    started,
    wait_for,
)

PROCFILE = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()


def test_the_container_is_given_what_is_there() -> None:
    """Everything it copies exists and is not kept back, and the extras it installs are ours."""
    copied = [name for line in said("COPY") for name in line.split()[:-1]]
    assert all((ROOT / name).exists() for name in copied)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert [f"!{name}" for name in copied if f"!{name}" not in ignored] == []
    [extras] = re.findall(r"'\.\[([\w,]+)\]'", " ".join(said("RUN")))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(extras.split(",")) <= project["optional-dependencies"].keys()
    assert {"sandbox", "postgres"} <= set(extras.split(","))


def test_the_base_image_is_pinned_by_digest() -> None:
    """Every image that it is built from, and the file says how to take a newer one."""
    images = [line.partition(" AS ")[0] for line in said("FROM")]
    assert images
    assert [image for image in images if not re.fullmatch(r"[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}", image)] == []
    command = "imagetools inspect {} --format"
    comments = [rest for instruction, rest in DOCKERFILE if instruction == "#"]
    for image in images:
        assert any(command.format(image.partition("@")[0]) in comment for comment in comments)


def test_the_container_runs_as_nobody_special_and_keeps_its_data() -> None:
    """Not as root; what it writes is in a volume that belongs to the user it runs as."""
    [user] = said("USER")
    [volume] = said("VOLUME")
    assert f"chown {user} {volume}" in " ".join(said("RUN"))
    assert f"BOT_DATA_DIR={volume}" in said("ENV")[0].split()
    names = [instruction for instruction, _ in DOCKERFILE]
    assert names.index("RUN") < names.index("VOLUME")  # what is changed in a volume afterwards is lost


def test_the_procfile_has_one_process_that_is_reached_from_outside() -> None:
    """`web` is the process that is given a port, and the whole service; the others take roles from it."""
    commands = {name: command.split() for name, _, command in (line.partition(":") for line in PROCFILE)}
    assert list(commands) == ["web", "receiver", "worker"]
    for name, role in (("receiver", "receive"), ("worker", "work")):
        assert commands[name][:4] == ["exec", "python", "-m", "bot"]
        assert parser().parse_args(commands[name][4:]).roles == (role,)


@pytest.mark.parametrize("how", ["container", "procfile"])
def test_it_listens_and_is_ended_by_its_signal(tmp_path: Path, how: str) -> None:
    """Started as it is there, it answers on the port, and SIGTERM to the process started ends it with status 0."""
    port = free_port()
    if how == "container":
        command, own = [*entrypoint(), *default_command()], environment_of_image() | {"BOT_PORT": str(port)}
    else:
        command, own = ["sh", "-c", PROCFILE[0].partition(":")[2]], {"PORT": str(port)}
    env = environment(**own | {"BOT_DATA_DIR": str(tmp_path / "data")})
    with started(command, env, tmp_path) as process:
        wait_for(process.poll, f"http://127.0.0.1:{port}/healthz")
        if how == "container":
            assert healthy(env) == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def test_a_container_that_does_not_answer_is_not_healthy() -> None:
    """The health check fails where nothing listens."""
    assert healthy(environment(BOT_PORT=str(free_port()))) != 0


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_package_is_pinned_by_hash(name: str) -> None:
    """An exact version and the hashes of its files; what is installed from them is checked."""
    entries = re.split(r"\n(?=\S)", (ROOT / name).read_text(encoding="utf-8").strip())
    entries = [entry for entry in entries if not entry.startswith("#")]
    assert len(entries) > 30
    assert [entry for entry in entries if not re.match(r"[\w.-]+==\S+.* \\\n +--hash=sha256:[0-9a-f]{64}", entry)] == []
    installed = (ROOT / "Makefile").read_text(encoding="utf-8") + " ".join(said("RUN"))
    assert re.findall(r"(?<!--require-hashes )-r requirements\S*", installed) == []


def test_the_lock_has_every_dependency() -> None:
    """What runs the service in one file, everything in the other."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    for name, wanted in (
        ("requirements.lock", [*project["dependencies"], *extras["sandbox"], *extras["postgres"]]),
        ("requirements-dev.lock", [*project["dependencies"], *(one for group in extras.values() for one in group)]),
    ):
        pinned = set(re.findall(r"^([\w.-]+)==", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))
        names = {re.split(r"[^\w.-]", one)[0].lower() for one in wanted} - {"channelmuse"}
        assert sorted(re.sub(r"[_.]", "-", one) for one in names if re.sub(r"[_.]", "-", one) not in pinned) == []
