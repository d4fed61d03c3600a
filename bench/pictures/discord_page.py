"""Renders messages of the Discord simulator as an HTML page that resembles Discord, without Discord's assets."""

import base64
import html
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

from markdown_it import MarkdownIt

from bench.pictures import icon
from simulators.discord.checks import EPHEMERAL
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import ME, Json

STYLE = Path(__file__).with_suffix(".css")
_COLOURS = ("#3ba55c", "#eb459e", "#faa81a", "#2b6cb0")
_MENTION = re.compile(r"&lt;@!?(\d+)&gt;")
_SMALL = re.compile(r"^-# (.*)$", re.MULTILINE)
_DANGER = 4


class Page:
    """Renders the messages that a person sees."""

    def __init__(self, simulator: DiscordSimulator, names: dict[str, str]) -> None:
        self._simulator = simulator
        self._names = names
        self._markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("strikethrough")

    def render(self, title: str, channel: str) -> str:
        """Return the page: a channel's messages, each with its thread, under the channel's name."""
        name, style = html.escape(title), STYLE.read_text(encoding="utf-8")
        head = f"<head><meta charset=utf-8><title>{name}</title><style>{style}</style></head>"
        messages = "".join(self._with_thread(message) for message in self._simulator.messages[channel])
        return f"<!DOCTYPE html><html>{head}<body><header>{name}</header><main>{messages}</main></body></html>"

    def _with_thread(self, message: Json) -> str:
        thread = self._simulator.threads.get(message["id"])
        if thread is None:
            return self._message(message)
        replies = [one for one in self._simulator.messages[thread["id"]] if one["type"] in (0, 19)]
        number = f"{len(replies)} Message{'s' if len(replies) > 1 else ''} ›"
        title = f"<div class=title>{html.escape(thread['name'])}<span>{number}</span></div>"
        return f"{self._message(message)}<div class=thread>{title}{''.join(map(self._message, replies))}</div>"

    def _message(self, message: Json) -> str:
        author = message["author"]["id"]
        name = html.escape(self._names[author])
        colour = _COLOURS[int(author) % len(_COLOURS)]
        face = icon.svg() if author == ME else name[0]
        time = datetime.fromisoformat(message["timestamp"]).strftime("%H:%M")
        badge = "<span class=app>APP</span>" if author == ME else ""
        only = "<div class=only>👁 Only you can see this</div>" if message["flags"] & EPHEMERAL else ""
        files = {file["filename"]: file for file in message["attachments"]}
        if message["content"] or not message["components"]:
            loose = "".join(self._file(file) for file in files.values())
        else:
            loose = ""  # components name the files that they show
        parts = [self._prose(message["content"]), loose, self._components(message["components"], files), only]
        return (
            f"<div class=message><div class=avatar style='background:{colour}'>{face}</div><div class=body>"
            f"{self._command_line(message)}<div><span class=name>{name}</span>{badge}"
            f"<span class=time>{time}</span></div>{''.join(parts)}</div></div>"
        )

    def _command_line(self, message: Json) -> str:
        """Return the command that a message answers."""
        used = message.get("interaction_metadata")
        if used is not None:
            told = next(one.payload for one in self._simulator.interactions.values() if one.payload["id"] == used["id"])
            who, what = self._names[used["user"]["id"]], f"/{told['data']['name']}"
            given = " ".join(str(option["value"]) for option in told["data"].get("options", ()))
            return f"<div class=from>{html.escape(who)} used <b>{what}</b> {html.escape(given)}</div>"
        return ""

    def _prose(self, text: str) -> str:
        """Render Discord's Markdown."""
        done: list[str] = []
        for at, part in enumerate(_SMALL.split(text)):
            shown = str(self._markdown.render(part)) if part.strip() else ""
            done.append(f"<div class=small>{shown}</div>" if at % 2 and shown else shown)
        return _MENTION.sub(lambda m: f"<span class=me>@{html.escape(self._names[m[1]])}</span>", "".join(done))

    # -- files and components

    def _file(self, file: Json) -> str:
        """Return an image, or the name of another file."""
        upload = self._simulator.cdn.uploads[file["id"]]
        if file["content_type"].startswith("image/"):
            return f"<div class='gallery one'>{self._picture(file)}</div>"
        return f"<div class=file>📄 {html.escape(file['filename'])} <span class=only>{upload.size:,} bytes</span></div>"

    def _picture(self, file: Json) -> str:
        data = base64.b64encode(self._simulator.cdn.uploads[file["id"]].content).decode()
        alt = html.escape(file.get("description", ""), quote=True)
        return f"<img alt='{alt}' src='data:{file['content_type']};base64,{data}'>"

    def _components(self, components: Iterable[Json], files: dict[str, Json]) -> str:
        """Render components. Raises `KeyError` for an unknown one, so that nothing is missing in the picture."""
        shown: dict[int, Callable[[Json], str]] = {
            1: lambda one: f"<div class=buttons>{self._components(one['components'], files)}</div>",
            2: self._button,
            10: lambda one: self._prose(one["content"]),
            12: lambda one: self._gallery([find_file(files, item["media"]) for item in one["items"]]),
            13: lambda one: self._file(find_file(files, one["file"])),
        }
        return "".join(shown[one["type"]](one) for one in components)

    def _gallery(self, pictures: Sequence[Json]) -> str:
        look = "gallery" if len(pictures) > 1 else "gallery one"
        return f"<div class='{look}'>{''.join(map(self._picture, pictures))}</div>"

    def _button(self, one: Json) -> str:
        symbol = (one.get("emoji") or {}).get("name", "")
        look = "button danger" if one["style"] == _DANGER else "button"
        return f"<span class='{look}'>{symbol} {html.escape(one.get('label') or '')}</span>"


def find_file(files: dict[str, Json], media: Json) -> Json:
    """Return the file that a component shows."""
    return files[media["url"].removeprefix("attachment://")]
