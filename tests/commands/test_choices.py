"""`model` and `system`: who may choose what, and what it holds for."""

from typing import Any

import pytest

from bot.errors import UsageError
from tests.support.command_runner import AdapterServices


async def models_used(desk: AdapterServices, **more: str) -> str:
    await desk.ask("chat", "hello", **more)
    return str(desk.wire.bodies("chat")[-1]["model"])


async def test_the_models_in_use_are_shown(desk: AdapterServices) -> None:
    """Every kind with its model, and what else may be chosen."""
    text = (await desk.ask("model")).text
    for model in ("gpt-4-turbo", "codellama-70b", "seeddream-4.0", "audiogen", "videogen-pro", "gpt-mini"):
        assert model in text
    assert "videogen-pro" not in (await desk.ask("model", options={"kind": "chat"})).text


async def test_a_model_holds_for_its_conversation(desk: AdapterServices) -> None:
    """Other conversations of the channel keep theirs."""
    said = await desk.ask("model", options={"kind": "chat", "name": "gpt-mini"})
    assert "gpt-mini" in said.text
    assert await models_used(desk) == "gpt-mini"
    assert await models_used(desk, conversation="c2") == "gpt-4-turbo"


async def test_a_model_says_what_it_is_for(desk: AdapterServices) -> None:
    """The kind may be left out where the model can be of one only."""
    await desk.ask("model", options={"name": "gpt-mini"})
    assert await models_used(desk) == "gpt-mini"


async def test_a_model_for_the_whole_channel_takes_an_admin(desk: AdapterServices) -> None:
    """It then holds here as well, whatever was chosen here before; a private place is its owner's."""
    choice = {"kind": "chat", "name": "seer", "channel": "yes"}
    with pytest.raises(UsageError, match="admin"):
        await desk.ask("model", options=choice)
    await desk.ask("model", options={"name": "gpt-mini"})
    await desk.ask("model", options=choice, admin=True)
    assert await models_used(desk) == "seer"
    assert await models_used(desk, conversation="c2") == "seer"
    assert await models_used(desk, conversation="c3", channel="other") == "gpt-4-turbo"
    await desk.ask("model", options=choice, private=True, channel="other", conversation="c3")
    assert await models_used(desk, conversation="c4", channel="other") == "seer"


async def test_a_choice_can_be_undone(desk: AdapterServices) -> None:
    """`default` gives the choice back to the channel and the service."""
    await desk.ask("model", options={"kind": "chat", "name": "gpt-mini"})
    await desk.ask("model", options={"kind": "chat", "name": "default"})
    assert await models_used(desk) == "gpt-4-turbo"
    with pytest.raises(UsageError, match="chat, code"):
        await desk.ask("model", options={"name": "default"})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"kind": "chat", "name": "gpt-mino"}, "Did you mean `gpt-mini`"),
        ({"name": "chta"}, "Did you mean `chat`"),
        ({"kind": "chat", "name": "seeddream-4.0"}, "Allowed: `gpt-4-turbo`"),
        ({"kind": "dance", "name": "x"}, "chat, code"),
    ],
)
async def test_an_unknown_model_is_answered_with_the_allowed(
    desk: AdapterServices, options: dict[str, str], sentence: str
) -> None:
    """And with the nearest, where one is near."""
    with pytest.raises(UsageError, match=sentence):
        await desk.ask("model", options=options)


async def test_a_system_prompt_holds_for_the_channel(desk: AdapterServices) -> None:
    """An admin sets it, everybody's requests there begin with it, and it can be shown and cleared."""
    assert desk.settings.bot_system_prompt in (await desk.ask("system")).text
    await desk.ask("system", "Talk like a pirate.", admin=True)
    assert "Talk like a pirate." in (await desk.ask("system")).text
    await desk.ask("chat", "hello", conversation="c2")
    assert desk.wire.bodies("chat")[-1]["messages"][0] == {"role": "system", "content": "Talk like a pirate."}
    await desk.ask("chat", "hello", channel="other")
    assert desk.wire.bodies("chat")[-1]["messages"][0]["content"] == desk.settings.bot_system_prompt
    assert "Talk like a pirate." in (await desk.ask("system", "show")).text
    await desk.ask("system", "clear", admin=True)
    await desk.ask("chat", "hello")
    assert desk.wire.bodies("chat")[-1]["messages"][0]["content"] == desk.settings.bot_system_prompt


@pytest.mark.parametrize("more", [{"prompt": "Shout."}, {"options": {"clear": "yes"}}])
async def test_a_system_prompt_takes_an_admin(desk: AdapterServices, more: dict[str, Any]) -> None:
    """Others are told so; where a person is alone they decide."""
    with pytest.raises(UsageError, match="admin"):
        await desk.ask("system", **more)
    await desk.ask("system", **more, private=True)
