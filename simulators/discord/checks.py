"""Discord's rules for the bodies of messages."""

import base64
from typing import Any

from simulators.discord import components
from simulators.discord.errors import Form, refused
from simulators.discord.values import Json

LOADING, EPHEMERAL, IS_V2, HAS_THREAD = 128, 64, 1 << 15, 1 << 5
VOICE_MESSAGE = 1 << 13
_EMBED = {"title": 256, "description": 4096}


def message(body: Json, files: list[str], *, before: Json | None = None) -> None:
    """Check the body of a new or edited message. Raises `Refused`.

    `files` are the names of the uploads; `before` is the edited message.
    """
    form = Form()
    after = {**(before or {}), **body}
    if int(body.get("flags") or 0) & VOICE_MESSAGE:
        _voice_message(body, files)
    is_v2 = bool((int(body.get("flags") or 0) | (before or {}).get("flags", 0)) & IS_V2)
    names = _attachments(form, body, files, before)
    form.length("content", body.get("content"), 0, 2000)
    if "nonce" in body:
        form.length("nonce", str(body["nonce"]), 0, 25)
    _embeds(form, body.get("embeds") or [])
    _mentions(form, body.get("allowed_mentions") or {})
    if is_v2:
        for field in ("content", "embeds", "poll", "sticker_ids"):
            if after.get(field):
                text = f"The '{field}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
                form.wrong(field, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", text)
    kinds = components.V2 if is_v2 else components.LEGACY
    components.check(form, body.get("components") or [], kinds, "components", names)
    form.refuse()
    visible = ("components",) if is_v2 else ("content", "embeds", "components", "sticker_ids", "poll")
    if not any(after.get(field) for field in visible) and not (names and not is_v2):
        raise refused(50006)


def _voice_message(body: Json, files: list[str]) -> None:
    """https://discord.com/developers/docs/resources/message#voice-messages, and its errors 50159 to 50161."""
    if any(body.get(field) for field in ("content", "embeds", "components", "sticker_ids", "poll")):
        raise refused(50159)
    if len(files) != 1 or not files[0].endswith(".ogg"):
        raise refused(50160)
    [described] = body.get("attachments") or [{}]
    if not described.get("duration_secs") or len(base64.b64decode(described.get("waveform") or "")) not in range(
        1, 257
    ):
        raise refused(50161)


def _attachments(form: Form, body: Json, files: list[str], before: Json | None) -> set[str]:
    """The names of the message's attachments."""
    had = {file["id"]: file["filename"] for file in (before or {}).get("attachments", ())}
    kept = body.get("attachments")
    if kept is None:
        return {*files, *had.values()}
    form.length("attachments", kept, 0, 10)
    names = set(files)
    for number, one in enumerate(kept):
        form.length(f"attachments.{number}.description", one.get("description"), 0, 1024)
        if str(one["id"]) in had:
            names.add(had[str(one["id"])])
        elif not (str(one["id"]).isdecimal() and int(one["id"]) < len(files)):
            form.wrong(f"attachments.{number}.id", "ATTACHMENT_NOT_FOUND", f"Attachment {one['id']} was not found")
    return names


def _embeds(form: Form, embeds: list[Json]) -> None:
    form.length("embeds", embeds, 0, 10)
    total = 0
    for number, embed in enumerate(embeds):
        for name, most in _EMBED.items():
            form.length(f"embeds.{number}.{name}", embed.get(name), 0, most)
            total += len(embed.get(name) or "")
        fields = embed.get("fields", [])
        form.length(f"embeds.{number}.fields", fields, 0, 25)
        total += sum(len(field["name"]) + len(field["value"]) for field in fields)
        total += len(embed.get("footer", {}).get("text", "")) + len(embed.get("author", {}).get("name", ""))
    if total > 6000:
        form.wrong("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")


def _mentions(form: Form, allowed: dict[str, Any]) -> None:
    parse = allowed.get("parse", [])
    for number, one in enumerate(parse):
        if one not in ("users", "roles", "everyone"):
            form.wrong(f"allowed_mentions.parse.{number}", "BASE_TYPE_CHOICES", "Value must be one of ('roles', …).")
    for name in ("users", "roles"):
        form.length(f"allowed_mentions.{name}", allowed.get(name), 0, 100)
        if name in parse and allowed.get(name):
            text = f"parse:['{name}'] and {name}: [ids...] are mutually exclusive."
            form.wrong("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", text)
