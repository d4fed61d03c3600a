"""States of an installation: signed, valid for ten minutes, good once, and nothing is stored before they are used."""

from pydantic import SecretStr

from adapters.slack.setup.oauth_states import OAuthStateStore
from tests.support.core import RecordingCore

SECRET = SecretStr("client-secret")


async def test_a_state_is_good_once(core: RecordingCore) -> None:
    """Also where another process of the same app consumes it."""
    state = await OAuthStateStore(core, SECRET).async_issue()
    assert await OAuthStateStore(core, SECRET).async_consume(state)
    assert not await OAuthStateStore(core, SECRET).async_consume(state)


async def test_starting_an_installation_costs_no_storage(core: RecordingCore) -> None:
    """However many are started, none is stored and none pushes out another."""
    states = OAuthStateStore(core, SECRET)
    first = await states.async_issue()
    for _ in range(1000):
        await states.async_issue()
    assert core.stored == {}
    assert await states.async_consume(first)


async def test_a_state_of_somebody_else_is_refused(core: RecordingCore) -> None:
    """A changed one, one signed with another secret, and text that is no state at all."""
    states = OAuthStateStore(core, SECRET)
    state = await states.async_issue()
    expires, rest = state.split(".", 1)
    other = await OAuthStateStore(core, SecretStr("another")).async_issue()
    for wrong in (f"{int(expires) + 600}.{rest}", state[:-1], state + "0", other, "", ".", "é", "..", "a.b.c"):
        assert not await states.async_consume(wrong)


async def test_a_state_expires(core: RecordingCore) -> None:
    """After ten minutes the person begins anew."""
    states = OAuthStateStore(core, SECRET, lifetime=-1)
    assert not await states.async_consume(await states.async_issue())
