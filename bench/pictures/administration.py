"""Pictures of an administrator's first hour, in English and in Traditional Chinese."""

from dataclasses import dataclass

from bench.pictures import discord, slack
from bench.pictures.camera import Camera
from simulators.discord.values import ADA, BOB, CHANNEL
from simulators.play.session import PlaySession


@dataclass(frozen=True, slots=True)
class Administrator:
    """An administrator's ids on both platforms, and the words that they use."""

    slack: str
    discord: str
    suffix: str  #: of the pictures' names
    storm: str
    boat: str


PEOPLE = (
    Administrator(slack.ADA, ADA, "", "a lighthouse in a storm", "a boat at sunset"),
    Administrator(slack.MEI, discord.MEI, ".zh-Hant", "暴風雨中的燈塔", "夕陽下的小船"),
)


async def scenes(session: PlaySession, camera: Camera) -> None:
    """Settings, a quote and an approval on Slack; limits, access, usage and the audit log on Discord."""
    await session.changes.until(lambda: session.discord.simulator.commands and session.slack.is_connected)
    for administrator in PEOPLE:
        await _on_slack(session, camera, administrator)
    for administrator in PEOPLE:
        await _on_discord(session, camera, administrator)


async def _on_slack(session: PlaySession, camera: Camera, who: Administrator) -> None:
    url = f"{session.url}/slack"
    # The language of a question to approvers is that of who asks, here of an approver.
    asker = slack.BOB if who.slack == slack.ADA else who.slack
    for text in (
        "0.10 --name quote_above --for workspace",
        "0.40 --name approve_above --for workspace",
        f"person:{who.slack} --name approvers --for workspace",
        f"{'no' if asker == slack.BOB else 'yes'} --name approve_own --for workspace",
        "",
    ):
        await slack.answered_in_private(session, who.slack, "settings", text, channel="C0GENERAL")
    page = await camera.open(url, size=(900, 760), person=who.slack, place="C0GENERAL")
    await camera.take_message(page.locator("#messages .ephemeral").last, f"administration-settings{who.suffix}")

    await slack.made(session, asker, "image", f"{who.storm} -n 4", channel="C0RANDOM")
    page = await camera.open(url, size=(1180, 520), person=asker, place="C0RANDOM")
    await page.locator("#messages .replies").last.click()
    await page.locator("#thread .actions").last.wait_for()
    await camera.take(page, f"administration-quote{who.suffix}")

    root = await slack.made(session, asker, "video", f"{who.boat} --duration 10", channel="C0RANDOM")
    quote = await slack.answered(session, root)
    [button, *_] = quote.blocks[-1]["elements"]
    press = {"channel": "C0RANDOM", "ts": quote.ts, "control": button["action_id"]}
    await session.slack.act(asker, "press", press)
    direct = session.slack.simulator.team.direct(who.slack).id
    page = await camera.open(url, size=(900, 480), person=who.slack, place=direct)
    await page.locator("#messages .actions, #messages .replies").last.wait_for()
    await camera.take(page, f"administration-approval{who.suffix}")


async def _on_discord(session: PlaySession, camera: Camera, who: Administrator) -> None:
    url = f"{session.url}/discord"
    await discord.command(session, BOB, "image", prompt=who.storm, size="512x512")
    await discord.command(session, who.discord, "code", prompt="fibonacci", language="python")
    await discord.command(session, who.discord, "limits", amount="10", of="pictures", per="day", **{"for": "person"})
    await discord.command(session, who.discord, "access", do="deny", what="video", who=BOB)
    for name, values in (
        ("limits", {}),
        ("access", {}),
        ("usage", {"whose": "workspace", "by": "day", "as": "chart"}),
        ("audit", {}),
    ):
        await discord.command(session, who.discord, name, **values)
        page = await camera.open(url, size=(900, 620), person=who.discord, place=CHANNEL)
        await camera.take_message(page.locator("#messages .ephemeral").last, f"administration-{name}{who.suffix}")
