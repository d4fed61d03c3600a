"""Links in a question: those that its author wants to be read become files."""

import re
from collections.abc import Sequence
from importlib.util import find_spec

from bot.models import Attachment
from bot.settings.groups.conversations import LINK_MODES

#: Links of one question that are read.
MAX_LINKS = 3
ON, ASKED, OFF = LINK_MODES
_LINK = re.compile(r"https?://[^\s<>\"'`|\[\]（）「」『』《》【】，。！？；：、…]{1,2000}", re.IGNORECASE)
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_ASKS = re.compile(
    r"(?i)\b(?:read|summari[sz]e|summary|sum up|tl;?dr|explain|translate|review|compare|according to|key points?|gist|"
    r"what(?:'s| is) in|what (?:does|do|did)\b.{0,60}\bsay)\b|"
    r"摘要|總結|总结|整理|重點|重点|大意|讀|读|看看|看一下|幫我看|帮我看|翻譯|翻译|解釋|解释|說明|说明|比較|比较|"
    r"[說说](?:了)?(?:什麼|什么|些什)"
)
_SOURCE = "link"


def can_read_links() -> bool:
    """Return whether the extra for it is installed."""
    return find_spec("trafilatura") is not None


def find_links(prompt: str, mode: str) -> Sequence[Attachment]:
    """Return the links of a question that are to be read, as files; none without the extra. Those in code are text."""
    text = _CODE.sub(" ", prompt)
    if mode == OFF or "://" not in text or (mode == ASKED and not _ASKS.search(_LINK.sub("it", text))):
        return ()
    if not can_read_links():
        return ()
    urls = dict.fromkeys(_trim(match[0]) for match in _LINK.finditer(text))
    return [Attachment(name=url, source={_SOURCE: url}) for url in list(urls)[:MAX_LINKS]]


def address_of(attachment: Attachment) -> str:
    """Return the address of a link; "": it is an attached file."""
    return attachment.source.get(_SOURCE, "")


def _trim(url: str) -> str:
    """Return an address without the punctuation of the sentence around it."""
    url = url.rstrip(".,;:!?*_~")
    while url.endswith(")") and url.count(")") > url.count("("):
        url = url[:-1].rstrip(".,;:!?")
    return url
