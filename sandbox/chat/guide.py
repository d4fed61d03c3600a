"""Requests for something that a command of the bot makes: which command, and what to type after it."""

import re
from dataclasses import dataclass

from aimodels.reference import Kind
from sandbox.chat.intent import is_order, is_question

_NOUNS: dict[Kind, str] = {
    "video": r"videos?|clips?|animations?|films?|movies?|gifs?|影片|視頻|视频|動畫|动画|動圖|动图|電影|电影",
    "audio": r"sounds?|music|audio|songs?|melod(?:y|ies)|tunes?|音樂|音乐|聲音|声音|音效|歌|曲",
    "image": r"pictures?|pics?|images?|photos?|drawings?|paintings?|illustrations?|圖片|图片|圖|图|照片|插畫|插画|"
    r"畫|画",
    "code": r"code|programs?|scripts?|functions?|程式碼?|代碼|代码|程序|函式|函数",
}
#: pictures whose description has to name them: a logo for a shop is no picture of a shop
_DESIGN = re.compile(
    r"(?i)(?:.*\b(?:some|me|us|make|draw|create|generate|design|need|want|have)\s|^)(?P<what>(?:[\w-]+\s+){0,4}?"
    r"(?:logos?|icons?|posters?|portraits?|maps?|diagrams?|flow ?charts?|flags?|cards?|banners?|wallpapers?|product "
    r"shots?)"
    r"\b.*)|"
    r"(?:.*(?:[張张個个幅份面]|畫|画|做|設計|设计|要|來|来|製作|制作|生成)|^)(?P<chinese>.{0,16}?(?:標誌|标志|商標|"
    r"商标|圖示|图标|"
    r"海報|海报|肖像|大頭照|大头照|地圖|地图|流程圖|流程图|示意圖|示意图|國旗|国旗|旗幟|旗帜|卡片|賀卡|贺卡|生日卡|"
    r"橫幅|横幅|桌布|壁紙|壁纸|"
    r"產品照|产品照|商品照).*)"
)
_NOUN = {kind: re.compile(rf"(?i)\b(?:{words})\b|(?:{words})(?=[^a-z]|$)") for kind, words in _NOUNS.items()}
_MAKES = re.compile(
    r"(?i)\b(?:make|making|create|design|generate|produce|compose|play|give|want|need|write|record|draw|paint|"
    r"show\s+(?:me|us))\b|做|製|制|設計|设计|生成|產生|产生|畫|画|寫|写|放|播|給|给|來|来|會|会|能|要"
)
_PLAYS = re.compile(r"(?i)(?:play|放|播|設計|设计|來|来|給我|给我)")
_SURPRISE = re.compile(
    r"(?i)\b(?:surprise|impress|amaze|entertain) (?:me|us)\b|\bshow (?:me|us) (?:something|what you)\b|"
    r"(?:來|来|給我看|给我看)[點点些個个]*(?:好玩|有趣|厲害|厉害|有意思)"
)
_DRAWS = re.compile(r"(?i)\b(?:draw|paint|sketch)\b(?:\s+(?:me|us)\b)?\s*(?P<what>.*)|[畫画](?P<chinese>.*)")
_ABOUT = re.compile(r"(?i)\b(?:of|about|with|showing|where|that|for|to)\s+(?P<what>.+)")
_CHINESE_ABOUT = re.compile(
    r"(?:一(?:張|张|段|首|個|个|幅|隻|只|條|条|支)|[張张段首個个幅支])(?P<what>.+?)的?(?:動畫|动画|影片|視頻|视频|"
    r"電影|电影|音樂|音乐|"
    r"聲音|声音|音效|歌|曲|函式|函数|程式|程序|代碼|代码|圖|图|畫|画|照片)"
)
_COUNT = re.compile(r"^一?(?:張|张|幅|隻|只|個|个|條|条|下|點|点|些)|^(?:關於|关于|有關|有关)")
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
    if not (is_order(sentence) or is_question(sentence) or (draws and draws.start() == 0) or _PLAYS.match(sentence)):
        return None
    if _SURPRISE.search(sentence):
        return Wish("image", "")
    kind = next((kind for kind, noun in _NOUN.items() if noun.search(sentence)), None)
    if kind in {None, "image"} and (_MAKES.search(sentence) or draws) and (design := _DESIGN.match(sentence)):
        return Wish("image", _subject(design["what"] or design["chinese"]))
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
