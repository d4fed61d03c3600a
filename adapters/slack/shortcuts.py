"""Names of the shortcuts, forms and prompts that the app offers; Slack allows five shortcuts of each kind.

The shortcuts of messages are `adapters.kit.message_actions.MESSAGE_ACTIONS`, by the same names.
"""

#: Commands whose form a global shortcut, and a button of the App Home, opens.
GLOBAL_SHORTCUTS = ("image", "audio", "video")
#: Slash commands about a conversation: refused where the person has none in the channel.
THREAD_COMMANDS = ("export", "leave", "reset", "retry", "stop")
#: Slash commands about a conversation, or about the channel where the person has none.
THREAD_OR_CHANNEL_COMMANDS = ("model",)
#: Prompts that the agent view suggests. Slack shows at most four.
SUGGESTED_PROMPTS = ("ask", "image", "code", "help")

#: Prefix of the `callback_id` of a command's form, and of the global shortcut that opens it.
COMMAND_FORM = "make:"
#: `callback_id` of the form that a button opens.
BUTTON_FORM = "press"
