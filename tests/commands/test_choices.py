"""`model` and `system`: permissions and scopes of preferences."""

from typing import Any

import pytest

from bot.errors import UsageError
from tests.support.command_runner import CommandRunner


async def models_used(runner: CommandRunner, **more: str) -> str:
    await runner.ask("chat", "hello", **more)
    return str(runner.api_server.bodies("chat")[-1]["model"])


async def test_the_models_in_use_are_shown(runner: CommandRunner) -> None:
    """Each kind is listed with its model and the other allowed ones."""
    text = (await runner.ask("model")).text
    for model in ("gpt-4-turbo", "codellama-70b", "seeddream-4.0", "audiogen", "videogen-pro", "gpt-mini"):
        assert model in text
    assert "videogen-pro" not in (await runner.ask("model", options={"kind": "chat"})).text


async def test_a_model_holds_for_its_conversation(runner: CommandRunner) -> None:
    """Other conversations of the channel keep their model."""
    said = await runner.ask("model", options={"kind": "chat", "name": "gpt-mini"})
    assert "gpt-mini" in said.text
    assert await models_used(runner) == "gpt-mini"
    assert await models_used(runner, conversation="c2") == "gpt-4-turbo"


async def test_the_kind_of_a_model_may_be_left_out(runner: CommandRunner) -> None:
    """The kind is optional for a model of one kind only."""
    await runner.ask("model", options={"name": "gpt-mini"})
    assert await models_used(runner) == "gpt-mini"


async def test_a_model_for_the_whole_channel_needs_an_admin(runner: CommandRunner) -> None:
    """It replaces the conversation's own choice; in a private place the person decides."""
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
    """`default` clears the choice."""
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
async def test_an_unknown_model_is_an_error_with_the_allowed_ones(
    runner: CommandRunner, options: dict[str, str], sentence: str
) -> None:
    """The error names the allowed models, and a similar one."""
    with pytest.raises(UsageError, match=sentence):
        await runner.ask("model", options=options)


async def test_a_system_prompt_holds_for_the_channel(runner: CommandRunner) -> None:
    """An admin sets, shows and clears it; all requests of the channel begin with it."""
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
async def test_a_system_prompt_needs_an_admin(runner: CommandRunner, more: dict[str, Any]) -> None:
    """Other people get an error, except in a private place."""
    with pytest.raises(UsageError, match="admin"):
        await runner.ask("system", **more)
    await runner.ask("system", **more, private=True)
