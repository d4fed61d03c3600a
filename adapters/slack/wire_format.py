"""The fields of Slack's payloads and calls that the flight recorder keeps, hides or replaces."""

from bot.ports import WireFormat

WIRE_FORMAT = WireFormat(
    words=("subtype", "channel_type", "mimetype", "filetype"),
    outer_words=("mode", "response_action", "needed", "provided", "msg_type", "callback_id"),
    foreign=("metadata", "event_payload"),
    # A file's previews are the beginning of its text: https://docs.slack.dev/reference/objects/file-object
    secrets=(
        *("response_url", "trigger_id", "private_metadata", "url_private", "permalink", "avatar", "image_"),
        "^preview",
    ),
    ids="[A-Z][A-Z0-9]{3,14}",
    timestamps=r"\d{10}\.\d{6}",
    outcome=("ok", "needed", "ts", "channel", "messages"),
    message=("ts", "user", "bot_id", "thread_ts"),
)
