"""`model` and `system`: who may choose what, and what it holds for."""

from typing import Any

import pytest

from bot.errors import UsageError
from tests.support.command_runner import CommandRunner


async def models_used(runner: CommandRunner, **more: str) -> str:
    await runner.ask("chat", "hello", **more)
    return str(runner.api_server.bodies("chat")[-1]["model"])


async def test_the_models_in_use_are_shown(runner: CommandRunner) -> None:
    """Every kind with its model, and what else may be chosen."""
    text = (await runner.ask("model")).text
    for model in ("gpt-4-turbo", "codellama-70b", "seeddream-4.0", "audiogen", "videogen-pro", "gpt-mini"):
        assert model in text
    assert "videogen-pro" not in (await runner.ask("model", options={"kind": "chat"})).text


async def test_a_model_holds_for_its_conversation(runner: CommandRunner) -> None:
    """Other conversations of the channel keep theirs."""
    said = await runner.ask("model", options={"kind": "chat", "name": "gpt-mini"})
    assert "gpt-mini" in said.text
    assert await models_used(runner) == "gpt-mini"
    assert await models_used(runner, conversation="c2") == "gpt-4-turbo"


async def test_a_model_says_what_it_is_for(runner: CommandRunner) -> None:
    """The kind may be left out where the model can be of one only."""
    await runner.ask("model", options={"name": "gpt-mini"})
    assert await models_used(runner) == "gpt-mini"


async def test_a_model_for_the_whole_channel_takes_an_admin(runner: CommandRunner) -> None:
    """It then holds here as well, whatever was chosen here before; a private place is its owner's."""
    choice = {"kind": "chat", "name": "seer", "channel": "yes"}
    with pytest.raises(UsageError, match="admin"):
        await runner.ask("model", options=choice)
    await runner.ask("model", options={"name": "gpt-mini"})
    await runner.ask("model", options=choice, admin=True)
    assert await models_used(runner) == "seer"
    assert await models_used(runner, conversation="c2") == "seer"
    assert await models_used(runner, conversation="c3", channel="other") == "gpt-4-turbo"
    await runner.ask("model", options=choice, private=True, channel="other", conversation="c3")
    assert await models_used(runner, conversation="c4", channel="other") == "seer"


async def test_a_choice_can_be_undone(runner: CommandRunner) -> None:
    """`default` gives the choice back to the channel and the service."""
    await runner.ask("model", options={"kind": "chat", "name": "gpt-mini"})
    await runner.ask("model", options={"kind": "chat", "name": "default"})
    assert await models_used(runner) == "gpt-4-turbo"
    with pytest.raises(UsageError, match="chat, code"):
        await runner.ask("model", options={"name": "default"})


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
    runner: CommandRunner, options: dict[str, str], sentence: str
) -> None:
    """And with the nearest, where one is near."""
    with pytest.raises(UsageError, match=sentence):
        await runner.ask("model", options=options)


async def test_a_system_prompt_holds_for_the_channel(runner: CommandRunner) -> None:
    """An admin sets it, everybody's requests there begin with it, and it can be shown and cleared."""
    assert runner.settings.bot_system_prompt in (await runner.ask("system")).text
    await runner.ask("system", "Talk like a pirate.", admin=True)
    assert "Talk like a pirate." in (await runner.ask("system")).text
    await runner.ask("chat", "hello", conversation="c2")
    assert runner.api_server.bodies("chat")[-1]["messages"][0] == {"role": "system", "content": "Talk like a pirate."}
    await runner.ask("chat", "hello", channel="other")
    assert runner.api_server.bodies("chat")[-1]["messages"][0]["content"] == runner.settings.bot_system_prompt
    assert "Talk like a pirate." in (await runner.ask("system", "show")).text
    await runner.ask("system", "clear", admin=True)
    await runner.ask("chat", "hello")
    assert runner.api_server.bodies("chat")[-1]["messages"][0]["content"] == runner.settings.bot_system_prompt


@pytest.mark.parametrize("more", [{"prompt": "Shout."}, {"options": {"clear": "yes"}}])
async def test_a_system_prompt_takes_an_admin(runner: CommandRunner, more: dict[str, Any]) -> None:
    """Others are told so; where a person is alone they decide."""
    with pytest.raises(UsageError, match="admin"):
        await runner.ask("system", **more)
    await runner.ask("system", **more, private=True)
