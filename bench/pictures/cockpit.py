"""Pictures of the service's own pages."""

from bench.pictures import slack
from bench.pictures.camera import Camera
from simulators.play.session import PlaySession


async def scenes(session: PlaySession, camera: Camera) -> None:
    """The overview, the requests, the gallery and the settings, after a few people have asked something."""
    await session.slack.simulator.until(lambda: session.slack.is_connected)
    asked = await slack.say(session, slack.ADA, "@Muse my name is Ada and I keep bees")
    await slack.answered(session, asked)
    await slack.made(session, slack.BOB, "code", "--language python is a word a palindrome?")
    for person, text in ((slack.MEI, "雪地裡的紅狐狸 --size 512x512"), (slack.BOB, "a harbour at dawn --size 512x512")):
        await slack.made(session, person, "image", text)
    await slack.command(session, slack.BOB, "video", "waves on a beach --duration 8")
    page = await camera.sign_in(await session.cockpit_link(), size=(1180, 640))
    await page.locator("progress").wait_for()
    await camera.take(page, "cockpit-overview")
    people = f"people?adapter=slack&workspace={session.slack.simulator.team.id}"
    for name, path in (("requests", "requests"), ("media", "media"), ("settings", "settings"), ("people", people)):
        await page.goto(f"{page.url.partition('/cockpit')[0]}/cockpit/{path}")
        await camera.take(page, f"cockpit-{name}")
