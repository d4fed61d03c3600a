"""Requests for something that a command of the bot makes: which command, and what to type after it."""

import re
from dataclasses import dataclass

from aimodels.reference import Kind
from sandbox.chat.intent import is_order, is_question

_NOUNS: dict[Kind, str] = {
    "video": r"videos?|clips?|animations?|films?|movies?|影片|視頻|视频|動畫|动画|電影|电影",
    "audio": r"sounds?|music|audio|songs?|melod(?:y|ies)|tunes?|音樂|音乐|聲音|声音|音效|歌|曲",
    "image": r"pictures?|pics?|images?|photos?|drawings?|paintings?|illustrations?|logos?|posters?|portraits?|"
    r"圖片|图片|圖|图|照片|海報|海报|插畫|插画|畫|画",
    "code": r"code|programs?|scripts?|functions?|程式碼?|代碼|代码|程序|函式|函数",
}
_NOUN = {kind: re.compile(rf"(?i)\b(?:{words})\b|(?:{words})(?=[^a-z]|$)") for kind, words in _NOUNS.items()}
_MAKES = re.compile(
    r"(?i)\b(?:make|making|create|generate|produce|compose|give|want|need|write|record|draw|paint|show\s+(?:me|us))\b|"
    r"做|製|制|生成|產生|产生|畫|画|寫|写|給|给|來|来|會|会|能|想要"
)
_DRAWS = re.compile(r"(?i)\b(?:draw|paint|sketch)\b(?:\s+(?:me|us)\b)?\s*(?P<what>.*)|[畫画](?P<chinese>.*)")
_ABOUT = re.compile(r"(?i)\b(?:of|about|with|showing|where|that|for|to)\s+(?P<what>.+)")
_CHINESE_ABOUT = re.compile(
    r"(?:一(?:張|张|段|首|個|个|幅|隻|只|條|条)|[張张段首幅])(?P<what>.+?)的?(?:圖|图|畫|画|照片|影片|視頻|视频|音樂|音乐|聲音|声音)"
)
_COUNT = re.compile(r"^一?(?:張|张|幅|隻|只|個|个|條|条|下|點|点)")
_EDGES = " .。!！?？,，~～吧嗎吗呢請请"
_VAGUE = re.compile(
    r"(?i)(?:an?|the|some|any|one|it|this|that|them|these|something|anything|for|me|us|pictures?|images?|it for me|"
    r"它|這個|这个|那個|那个|圖|图|畫|画|什麼|什么|東西|东西)?"
)


@dataclass(frozen=True, slots=True)
class Wish:
    """Something to be made."""

    kind: Kind  #: also the name of the command
    what: str  #: its description; "": not said, or only "it"


def wish(sentence: str) -> Wish | None:
    """Return what a request or question wants to have made; None: nothing that a command makes."""
    draws = _DRAWS.search(sentence)
    if not (is_order(sentence) or is_question(sentence) or (draws and draws.start() == 0)):
        return None
    kind = next((kind for kind, noun in _NOUN.items() if noun.search(sentence)), None)
    if draws and kind in {None, "image"}:
        about = _ABOUT.search(sentence) if kind else None
        return Wish("image", _subject((about and about["what"]) or draws["what"] or draws["chinese"] or ""))
    if kind is None or not _MAKES.search(sentence):
        return None
    about = _ABOUT.search(sentence, _NOUN[kind].search(sentence).end()) or _CHINESE_ABOUT.search(sentence)  # type: ignore[union-attr]
    return Wish(kind, _subject(about["what"] if about else ""))


def _subject(text: str) -> str:
    subject = _COUNT.sub("", text.strip(_EDGES)).strip(_EDGES)
    return "" if _VAGUE.fullmatch(subject) else subject
