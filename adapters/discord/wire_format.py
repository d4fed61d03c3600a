"""The fields of Discord's payloads and calls that the flight recorder keeps, hides or replaces."""

from bot.ports import WireFormat

WIRE_FORMAT = WireFormat(
    words=("guild_locale", "permissions", "app_permissions", "allow", "deny"),
    secrets=("proxy_url", "avatar"),
    ids=r"\d{15,20}",
    # https://docs.discord.com/developers/reference#snowflakes
    epoch=1_420_070_400_000,
    bits_after_time=22,
    outcome=("retry_after", "channel_id"),
    message=("id", "nonce"),
    form_part="payload_json",
)
