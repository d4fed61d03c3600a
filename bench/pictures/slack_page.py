"""Renders messages of the Slack simulator as an HTML page that resembles Slack, without Slack's assets."""

import base64
import html
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from bench.pictures import icon
from simulators.slack import File, Json, Message, SlackSimulator

STYLE = Path(__file__).with_suffix(".css")
_COLOURS = ("#2b6cb0", "#b7791f", "#2f855a", "#9b2c2c")
_INLINE = re.compile(
    r"```(.+?)```|`([^`\n]+)`|(?<!\w)\*([^*\n]+)\*(?!\w)|(?<!\w)_([^_\n]+)_(?!\w)|(?<!\w)~([^~\n]+)~(?!\w)", re.DOTALL
)
_LINK = re.compile(r"&lt;(https?://[^|&]+|mailto:[^|&]+)(?:\|(.*?))?&gt;")
_USER = re.compile(r"&lt;@(\w+)(?:\|[^&]*)?&gt;")


class Page:
    """Renders the messages that a person sees."""

    def __init__(self, slack: SlackSimulator, viewer: str) -> None:
        self.slack = slack
        self.viewer = viewer
        self.markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])

    def render(self, title: str, roots: Sequence[Message]) -> str:
        """Return the page: each message with its thread, under the channel's name."""
        name, style = html.escape(title), STYLE.read_text(encoding="utf-8")
        head = f"<head><meta charset=utf-8><title>{name}</title><style>{style}</style></head>"
        threads = "".join(self.thread(root) for root in roots)
        return f"<!DOCTYPE html><html>{head}<body><header>{name}</header><main>{threads}</main></body></html>"

    def thread(self, root: Message) -> str:
        """Return a message with its replies."""
        channel = self.slack.teams[root.team].channels[root.channel]
        replies = [m for m in channel.visible(self.viewer) if m.thread_ts == root.ts and m.ts != root.ts]
        number = f"{len(replies)} {'reply' if len(replies) == 1 else 'replies'}"
        line = f"<div class=replies>{number}</div>" if replies else ""
        return f"{self.message(root)}<div class=thread>{line}{''.join(map(self.message, replies))}</div>"

    def message(self, message: Message) -> str:
        """Return a message with its author, files and blocks."""
        user = self.slack.teams[message.team].users[message.user]
        colour = _COLOURS[sum(map(ord, user.id)) % len(_COLOURS)]
        face = icon.svg() if message.is_bot else html.escape(user.name[0])
        time = datetime.fromtimestamp(float(message.ts), UTC).strftime("%-I:%M %p")
        badge = "<span class=app>APP</span>" if message.is_bot else ""
        only = "<div class=only>👁 Only visible to you</div>" if message.is_ephemeral else ""
        parts = [self.text(message), *(self.file(file) for file in message.files)]
        if message.blocks and message.is_bot:
            parts = [*parts[1:], self.prose(message.markdown), *(self.block(block) for block in message.blocks)]
        return (
            f"<div class=message><div class=avatar style='background:{colour}'>{face}</div>"
            f"<div class=body>{only}<div><span class=name>{html.escape(user.name)}</span>{badge}"
            f"<span class=time>{time}</span></div>{''.join(parts)}</div></div>"
        )

    def text(self, message: Message) -> str:
        """Return the text of a message."""
        if message.markdown:
            return self.prose(message.markdown)
        return f"<div>{self.mrkdwn(message.text)}</div>" if message.text else ""

    def prose(self, text: str) -> str:
        """Render Markdown, as in streams and markdown blocks."""
        return str(self.markdown.render(text)) if text else ""

    def file(self, file: File) -> str:
        """Return an image, or the name of another file."""
        name = html.escape(file.title or file.name)
        if file.mimetype.startswith("image/") and file.content:
            data = base64.b64encode(file.content).decode()
            alt = html.escape(file.alt_txt, quote=True)
            return f"<div class=file>{name}</div><img alt='{alt}' src='data:{file.mimetype};base64,{data}'>"
        return f"<div class=task>📄 <b>{name}</b> <span class=only>{file.size:,} bytes</span></div>"

    def mrkdwn(self, text: str) -> str:
        """Render Slack's mrkdwn."""
        known = {user.id: user.name for team in self.slack.teams.values() for user in team.users.values()}
        safe = html.escape(html.unescape(text), quote=False)
        safe = _USER.sub(lambda m: f"<span class=me>@{html.escape(known.get(m[1], m[1]))}</span>", safe)
        safe = _LINK.sub(lambda m: f"<a href='{m[1]}'>{m[2] or m[1]}</a>", safe)

        def mark(match: re.Match[str]) -> str:
            pre, code, bold, italic, struck = match.groups()
            if pre is not None:
                return f"<pre>{pre.strip(chr(10))}</pre>"
            if code is not None:
                return f"<code>{code}</code>"
            return f"<b>{bold}</b>" if bold else f"<i>{italic}</i>" if italic else f"<s>{struck}</s>"

        return (
            _INLINE.sub(mark, safe).replace("\n", "<br>").replace("<br><pre>", "<pre>").replace("</pre><br>", "</pre>")
        )

    def label(self, value: Any) -> str:
        """Render a text object."""
        if not isinstance(value, dict):
            return html.escape(str(value or ""))
        text = str(value.get("text", ""))
        return self.mrkdwn(text) if value.get("type") == "mrkdwn" else html.escape(text)

    def block(self, block: Json) -> str:
        """Render a block. Raises `ValueError` for an unknown one, so that nothing is missing in the picture."""
        kind = block["type"]
        write = getattr(self, f"_{kind}", None)
        if write is None:
            raise ValueError(f"no look for {kind} blocks")
        return str(write(block))

    def _section(self, block: Json) -> str:
        fields = "".join(f"<div>{self.label(field)}</div>" for field in block.get("fields", ()))
        button = self._buttons([block["accessory"]]) if block.get("accessory") else ""
        return f"<div>{self.label(block.get('text'))}{fields}{button}</div>"

    def _header(self, block: Json) -> str:
        return f"<div class=header>{self.label(block['text'])}</div>"

    def _divider(self, block: Json) -> str:
        return "<hr>"

    def _markdown(self, block: Json) -> str:
        return self.prose(block["text"])

    def _context(self, block: Json) -> str:
        return f"<div class=context>{' '.join(self.label(part) for part in block['elements'])}</div>"

    def _image(self, block: Json) -> str:
        file = block.get("slack_file") or {}
        files = (f for team in self.slack.teams.values() for f in team.files.values() if f.id == file.get("id"))
        return "".join(self.file(one) for one in files)

    def _actions(self, block: Json) -> str:
        return self._buttons(block["elements"])

    def _context_actions(self, block: Json) -> str:
        return self._buttons(block["elements"])

    def _buttons(self, elements: Iterable[Json]) -> str:
        shown = []
        for element in elements:
            if element["type"] == "feedback_buttons":
                parts = [element[f"{name}_button"]["text"] for name in ("positive", "negative")]
                shown += [f"<span class=button>{self.label(part)}</span>" for part in parts]
            else:
                text = element.get("text") or element.get("placeholder") or {"text": "⋯"}
                shown.append(f"<span class='button {element.get('style', '')}'>{self.label(text)}</span>")
        return f"<div class=buttons>{''.join(shown)}</div>"

    def _table(self, block: Json) -> str:
        rows = []
        for number, row in enumerate(block["rows"]):
            cells = "".join(f"<td>{self._cell(cell)}</td>" for cell in row)
            rows.append(f"<tr{'' if number else ' class=first'}>{cells}</tr>")
        return f"<table>{''.join(rows)}</table>"

    def _cell(self, cell: Json) -> str:
        return self._rich_text(cell) if cell["type"] == "rich_text" else html.escape(str(cell.get("text", "")))

    def _task_card(self, block: Json) -> str:
        mark = {"complete": "✅", "error": "❌"}.get(block.get("status", ""), "⏳")
        details = self._rich_text(block["details"]) if block.get("details") else ""
        return f"<div class=task>{mark} {html.escape(block['title'])}{details}</div>"

    def _plan(self, block: Json) -> str:
        return f"<div class=header>{html.escape(block['title'])}</div>{''.join(map(self._task_card, block['tasks']))}"

    def _rich_text(self, block: Json) -> str:
        return "".join(self._rich(element) for element in block["elements"])

    def _rich(self, element: Json) -> str:
        kind = element["type"]
        if kind == "rich_text_list":
            tag = "ol" if element["style"] == "ordered" else "ul"
            items = "".join(f"<li>{self._spans(part)}</li>" for part in element["elements"])
            return f"<{tag} style='margin-left:{element.get('indent', 0) * 22}px'>{items}</{tag}>"
        inside = self._spans(element)
        if kind == "rich_text_preformatted":
            return f"<pre>{inside}</pre>"
        if kind == "rich_text_quote":
            return f"<blockquote>{inside}</blockquote>"
        return f"<div>{inside.replace(chr(10), '<br>')}</div>"

    def _spans(self, element: Json) -> str:
        return "".join(self._span(part) for part in element["elements"])

    def _span(self, part: Json) -> str:
        kind = part["type"]
        if kind == "user":
            return self.mrkdwn(f"<@{part['user_id']}>")
        if kind == "emoji":
            code = part.get("unicode")
            return "".join(chr(int(one, 16)) for one in code.split("-")) if code else f":{part['name']}:"
        text = html.escape(str(part.get("text") or part.get("url") or ""))
        style = part.get("style") or {}
        for name, tag in (("code", "code"), ("bold", "b"), ("italic", "i"), ("strike", "s")):
            text = f"<{tag}>{text}</{tag}>" if style.get(name) else text
        return f"<a href='{html.escape(part['url'], quote=True)}'>{text}</a>" if kind == "link" else text
