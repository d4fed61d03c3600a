"""Pictures of the Slack-like page."""

from bench.pictures.camera import Camera
from simulators.play.session import PlaySession
from simulators.slack import Message

ADA, BOB, MEI = "U0ADA", "U0BOB", "U0MEI"
GENERAL = "C0GENERAL"
_MADE = 90.0  #: seconds for a picture or a film


async def say(session: PlaySession, person: str, text: str, *, channel: str = GENERAL, thread: str = "") -> str:
    """Write a message; return its timestamp."""
    said = await session.slack.act(person, "say", {"channel": channel, "text": text, "thread": thread})
    return str(said["ts"])


async def answered(session: PlaySession, thread: str, count: int = 1) -> Message:
    """Wait for the complete answers in a thread; return the last one."""
    slack = session.slack.simulator

    def complete() -> list[Message]:
        found = [m for m in slack.from_bot(thread=thread) if not m.viewer and m.stream != "streaming"]
        return found if len(found) >= count and any(b["type"] == "actions" for b in found[-1].blocks) else []

    found: list[Message] = await slack.until(complete, _MADE)
    return found[-1]


async def command(session: PlaySession, person: str, name: str, text: str, *, channel: str = GENERAL) -> None:
    """Use a slash command."""
    await session.slack.act(person, "command", {"channel": channel, "command": f"/{name}", "text": text})


async def answered_in_private(session: PlaySession, person: str, name: str, text: str, *, channel: str) -> None:
    """Use a command whose answer only its author sees."""
    slack, place = session.slack.simulator, session.slack.simulator.team.channels[channel]
    before = len(slack.from_bot(place, viewer=person))
    await command(session, person, name, text, channel=channel)
    await slack.until(lambda: len(slack.from_bot(place, viewer=person)) > before, _MADE)


async def made(session: PlaySession, person: str, name: str, text: str, *, channel: str = GENERAL) -> str:
    """Use a command whose answer is public; return the thread of it."""
    slack, place = session.slack.simulator, session.slack.simulator.team.channels[channel]
    before = {message.ts for message in slack.from_bot(place)}
    await command(session, person, name, text, channel=channel)

    def root_of() -> str:
        return next((m.ts for m in slack.from_bot(place) if m.ts not in before and not m.thread_ts), "")

    root: str = await slack.until(root_of, _MADE)
    await answered(session, root)
    return root


async def scenes(session: PlaySession, camera: Camera) -> None:
    """A channel with a thread, a form, a streamed answer, the App Home, a film, and a phone."""
    url = f"{session.url}/slack"
    await session.slack.simulator.until(lambda: session.slack.is_connected)
    asked = await say(session, ADA, "@Muse my name is Ada and I keep bees")
    await answered(session, asked)
    await say(session, ADA, "what is my name?", thread=asked)
    await answered(session, asked, 2)
    await made(session, BOB, "code", "--language python is a word a palindrome?")
    picture = await made(session, MEI, "image", "雪地裡的紅狐狸 --size 512x512")
    page = await camera.open(url, size=(1180, 760), place=GENERAL, thread=picture)
    await page.locator("#thread img").wait_for()
    await camera.take(page, "slack")

    await page.locator("#composer-text").fill("/image ")
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog").get_by_label("prompt").fill("a lighthouse in a storm, seen from the sea")
    await camera.take(page, "slack-form")
    await page.keyboard.press("Escape")

    direct = session.slack.simulator.team.direct(ADA).id
    session.api.pause = 0.12
    asked = await say(session, ADA, "how do I start?", channel=direct)
    page = await camera.open(url, size=(1180, 560), place=direct, thread=asked)
    await page.locator("#thread .streaming").wait_for()
    await page.get_by_text("10 km in miles").first.or_(page.locator("#thread code").nth(2)).first.wait_for()
    await camera.take(page, "slack-streaming")
    session.api.pause = 0.0
    await answered(session, asked)

    page = await camera.open(url, size=(820, 760), place=direct, tab="home")
    await page.get_by_role("button", name="Make a picture").wait_for()
    await camera.take(page, "slack-home")

    film = await made(session, ADA, "video", "a boat at sunset --duration 3")
    page = await camera.open(url, size=(390, 780), dark=True, place=GENERAL, thread=film)
    await camera.show_film(page.locator("#thread video"))
    await camera.take(page, "slack-phone")
