"""Discord's errors: a status, a code, a message and the errors of single fields."""

from typing import Any

from simulators.discord.values import Json

#: code → status, message
CODES = {
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    30034: (429, "Max number of daily application command creates has been reached (200)"),
    30046: (429, "Maximum number of edits to messages older than 1 hour reached. Try again later"),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    40094: (400, "This interaction has reached its maximum number of follow up messages."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50159: (400, "Voice messages do not support additional content"),
    50160: (400, "Voice messages must have a single audio attachment"),
    50161: (400, "Voice messages must have supporting metadata"),
    50162: (400, "Voice messages cannot be edited"),
    50173: (400, "You cannot send voice messages in this channel"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    # 50007 is for people who have blocked the bot. https://github.com/discord/discord-api-docs/issues/8238
    50278: (403, "Cannot send messages to this user due to having no mutual guilds"),
    # Automatic moderation of a server, of messages and of titles; and links that Discord holds for harmful.
    # https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
    200000: (400, "Message was blocked by automatic moderation"),
    200001: (400, "Title was blocked by automatic moderation"),
    240000: (400, "Message blocked by harmful links filter"),
    160002: (400, "Cannot reply without permission to read message history"),
    160004: (400, "A thread has already been created for this message"),
    160005: (403, "Thread is locked"),
}


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, code: int, message: str, **more: Any) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.body: Json = {"message": message, "code": code, **more}
        self.page = ""  #: sent in place of the body
        self.headers: dict[str, str] = {}


def refused(code: int, **more: Any) -> Refused:
    """The error with that code."""
    status, message = CODES[code]
    return Refused(status, code, message, **more)


def server_error(status: int = 500) -> Refused:
    return Refused(status, 0, f"{status}: Internal Server Error")


def page(status: int) -> Refused:
    """A page in place of an answer, of a proxy on the way or of Cloudflare, which limits requests before Discord does.

    https://docs.discord.com/developers/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
    """
    error = Refused(status, 0, "a page")
    error.page = "<!DOCTYPE html><title>Access denied | discord.com used Cloudflare to restrict access</title>"
    return error


class Form:
    """Collects the errors of a body's fields."""

    def __init__(self) -> None:
        self.errors: Json = {}

    def wrong(self, path: str, code: str, message: str) -> None:
        """Record an error of a field such as `components.0.custom_id`."""
        at = self.errors
        for name in path.split("."):
            at = at.setdefault(name, {})
        at.setdefault("_errors", []).append({"code": code, "message": message})

    def length(self, path: str, value: Any, low: int, high: int) -> None:
        """Check the length of a text or list."""
        if value is not None and not low <= len(value) <= high:
            if low:
                self.wrong(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")
            else:
                self.wrong(path, "BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length.")

    def required(self, path: str, value: Any) -> bool:
        if value in (None, ""):
            self.wrong(path, "BASE_TYPE_REQUIRED", "This field is required")
        return value not in (None, "")

    def refuse(self) -> None:
        """Raise `Refused` if an error was recorded."""
        if self.errors:
            raise refused(50035, errors=self.errors)
