"""Names of the shortcuts, forms and prompts that the app offers; Slack allows five shortcuts of each kind.

The shortcuts of messages are `adapters.kit.message_actions.MESSAGE_ACTIONS`, by the same names.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from bot.models import CommandSpec

#: Commands whose form a global shortcut, and a button of the App Home, opens.
GLOBAL_SHORTCUTS = ("image", "audio", "video")
#: Slash commands about a conversation: refused where the person has none in the channel.
THREAD_COMMANDS = ("again", "edit", "export", "leave", "reset", "retry", "shots", "stop", "tree")
#: Slash commands about a conversation, or about the channel where the person has none.
THREAD_OR_CHANNEL_COMMANDS = ("model",)
#: Prompts that the agent view suggests, with the command that each needs.
SUGGESTED_PROMPTS = {"ask": "chat", "image": "image", "code": "code", "help": "help"}
#: The same for who looks at a channel.
PROMPTS_BESIDE_A_CHANNEL = {"catchup": "catchup", **SUGGESTED_PROMPTS}
MOST_PROMPTS = 4  #: that Slack shows

#: Prefix of the `callback_id` of a command's form, and of the global shortcut that opens it.
COMMAND_FORM = "make:"
#: `callback_id` of the form that a button opens.
BUTTON_FORM = "press"


def thread_need(spec: CommandSpec, options: Mapping[str, str]) -> Literal["", "optional", "required"]:
    """Return whether a slash command is about a conversation.

    With an option such as /export --person, or with a file, it is not.
    """
    files = [option.name for option in spec.options if option.kind == "file"]
    if any(map(options.get, (*spec.private_with, *files))):
        return ""
    if spec.name in THREAD_COMMANDS:
        return "required"
    return "optional" if spec.name in THREAD_OR_CHANNEL_COMMANDS else ""


def suggested_prompts(commands: Iterable[CommandSpec]) -> list[str]:
    """Return the names of the prompts that the agent view suggests."""
    offered = {spec.name for spec in commands}
    return [name for name, command in SUGGESTED_PROMPTS.items() if command in offered]
