"""Recognition of short sentences that change the picture before them. Pure, and cheap: reads every message."""

import re

from bot.values.patterns import LazyPattern

_LONGEST = 120  # characters

_PRONOUN = r"(?:it|this|that|him|her|them|the (?:picture|image|sky|background|scene|colou?rs?|\w+))"
_LOOK = (
    r"(?:darker|brighter|lighter|bigger|larger|smaller|closer|warmer|colder|softer|sharper|blurrier|simpler|wider"
    r"|taller|thinner|fatter|older|younger|happier|sadder|scarier|cuter|funnier|redder|bluer|greener|whiter|blacker"
    r"|(?:more|less) (?:colou?rful|realistic|dramatic|detailed|contrast|light|saturated|abstract|vivid))"
)
_PLACE = r"(?:at|in|with|without|as|on|by|from|under|during)"
_ENGLISH = LazyPattern(
    r"(?:please |now |but |and |ok(?:ay)?,? |again,? )*(?:"
    + "|".join(
        (
            rf"(?:make|turn|paint|draw|render|colou?r|show) {_PRONOUN} \S.*",
            rf"(?:the )?same(?: one| thing| picture| image| scene)?,? (?:but |only )?(?:{_PLACE}\b.*|{_LOOK})",
            rf"(?:a (?:bit|little) |much |slightly |even |way )?{_LOOK}(?: please)?",
            r"(?:add|put) (?:an?|the|some|more|another) \w.*",
            r"(?:remove|erase) (?:an?|the|all|some|his|her|its|their) \w.*",
            r"(?:replace|swap) \w.* (?:with|by|for) .*",
            r"change (?:the|its|his|her|their) \w.* (?:to|into) .*",
            r"give (?:it|him|her|them) \w.*",
            r"now (?:with|without|in|at|as) \w.*",
            r"(?:edit|change|modify) (?:this|that|the|the last) (?:picture|image|photo)[:,]? \w.*",
        )
    )
    + r")[.!]*",
    re.IGNORECASE,
)
_THING = r"(?:它|牠|他|她|這張|这张|圖|图|畫面|画面|背景|天空|顏色|颜色)"
_DONE = r"(?:改|變|变|換|换|調|调|弄|畫|画|去掉|拿掉|移除|加|刪|删|放大|縮小|缩小)"
_DEGREE = r"(?:一點|一点|一些|點|点|些)"
_SEEN = (
    r"(?:暗|黑|亮|大|小|深|淺|浅|高|矮|胖|瘦|遠|远|近|暖|冷|鮮豔|鲜艳|模糊|清楚|清晰|可愛|可爱|真實|真实|簡單|简单"
    r"|明亮|昏暗|鮮明|鲜明|柔和)"
)
_CHINESE = LazyPattern(
    r"(?:請|请|再|那|麻煩|麻烦|幫我|帮我|現在|现在|[，, ])*(?:"
    + "|".join(
        (
            rf"[把將将讓让].{{1,30}}(?:{_DONE}|更|{_SEEN}).*",
            rf"{_THING}?(?:再|更|稍微|變|变|弄|調|调|改)?得?更?{_SEEN}{_DEGREE}",
            rf"{_THING}?(?:再|更|稍微)更?{_SEEN}",
            rf"(?:同樣|同样|一樣|一样|相同)的?{_THING}?[，, ]*(?:但是?|只是|不過|不过|在|換|换|改|晚上|夜).*",
            rf"(?:{_THING}{{1,2}}[裡里上]?)?(?:加上|加一|加個|加个|去掉|拿掉|移除|換成|换成|改成|變成|变成).+",
        )
    )
    + r")(?:吧|。|！|!)*"
)
#: What makes a sentence a question, or work for the chat.
_ASKED = LazyPattern(
    r"[?？`\n]|嗎|吗|什麼|什么|怎麼|怎么|為何|为何|誰|谁|哪|多少|呢$|翻譯|翻译|表格|清單|清单|摘要"
    r"|\b(?:list|table|summary|summari[sz]e|translate|translation|shorter|longer|sentence|paragraph|text|code|comment|email"
    r"|english|chinese|clear|sense|explain)\b",
    re.IGNORECASE,
)


#: What can be seen of any picture: its parts, kinds and styles, colours, light, weather, seasons and times of day.
_VISIBLE = LazyPattern(
    rf"\b(?:{_LOOK}|picture|image|photo\w*|background|foreground|sky|scene|colou?r\w*|lights?|lighting|shadows?|style"
    r"|looks?|painting|drawing|sketch|cartoon|comic|anime|watercolou?rs?|poster|portrait|landscape|logo|sticker"
    r"|silhouette|3d|realistic|dark|bright|pale|black|white|gr[ae]y|red|orange|yellow|green|blue|purple|pink|brown"
    r"|gold(?:en)?|silver|night|dawn|dusk|sun(?:ny|light|shine|rise|set)?|moon(?:lit|light)?|stars?|space|underwater"
    r"|spring|summer|autumn|winter|snow(?:y|ing)?|rain(?:y|ing|bow)?|fog(?:gy)?|mist(?:y)?|storm(?:y)?|clouds|cloudy"
    r"|paint|draw|render)\b"
    rf"|這張|这张|圖|图|畫面|画面|背景|天空|顏色|颜色|更{_SEEN}|{_SEEN}(?:{_DEGREE}|[吧。！!]*$)"
    r"|[紅红橙黃黄綠绿藍蓝紫粉棕灰金銀银白黑]色|[紅红黃黄綠绿藍蓝紫白黑]的|風格|风格|水彩|油畫|油画|素描|卡通|漫畫|漫画|動漫|动漫"
    r"|照片|黑白|彩色|光線|光线|燈光|灯光|陽光|阳光|月光|影子|陰影|阴影|夜|晚上|白天|黎明|黃昏|黄昏|日出|日落|早晨|春天|夏天|秋天|冬天"
    r"|雪|下雨|霧|雾|烏雲|乌云|白雲|白云|星星|星空|月亮|太陽|太阳|海邊|海边|大海|畫成|画成",
    re.IGNORECASE,
)
#: Sentences that are too short to be of anything but the picture; what follows a preposition has an article.
_SHORT = LazyPattern(
    r"(?:please |now |and )?(?:"
    r"(?:add|remove|erase) (?:an?|the|some|more|another|his|her|its|their) \w+(?: \w+)?"
    r"|put (?:an?|some|more|another) \w+ (?:on|in|behind|under|next to) (?:it|him|her|them|the \w+)"
    r"|(?:make|draw|paint) (?:it|this|that|him|her|them|the \w+) (?!an?\b|into\b|the\b)\w+(?: \w+)?"
    rf"|(?:the )?same(?: one| thing)?,? (?:but |only )?{_PLACE} (?:an?|the|some) \w+(?: \w+)?"
    r"|now (?:with|without) (?:an?|the|some|more|no) \w+(?: \w+)?"
    r"|(?:請|请|再|幫我|帮我)?(?:加上?|去掉|拿掉|移除).{1,6}"
    r")[.!。！]*",
    re.IGNORECASE,
)
#: Who speaks is in no picture: such a sentence is about something of theirs.
_SPEAKER = LazyPattern(r"\b(?:i|i'm|me|my|mine|we|our|ours|us)\b|(?<![幫帮給给替])我", re.IGNORECASE)
_WORD = LazyPattern(r"[a-z]{3,}|(?=([\u3400-\u9fff]{2}))", re.IGNORECASE)  # of Chinese each two letters
#: Words of most prompts and sentences, which say nothing about a picture.
_COMMON = frozenset(
    (
        *("the", "and", "with", "for", "from", "into", "his", "her", "their", "this", "that", "one", "some", "more"),
        # what a prompt asks with, which may be that of a change: `make it darker`
        *("make", "turn", "paint", "draw", "render", "show", "add", "put", "replace", "change", "give", "same"),
        *("please", "now"),
    )
)
#: What makes more than a phrase of what follows "again".
_CLAUSE = LazyPattern(
    r",|\b(?:is|are|was|were|am|be|has|have|had|do|does|did|can|will|should|would|must)\b", re.IGNORECASE
)
_LONGEST_PHRASE = 5  # words

_REPEATED = LazyPattern(
    r"(?:please |now |and |ok(?:ay)?,? )*(?:once )?(?:again|once more|one more time)(?:,? please)?[,:]? *"
    r"(?P<english>(?:but|this time|without|with|in|at|shorter|longer|simpler|slower|faster|louder|quieter"
    rf"|(?:a (?:bit|little) |much |slightly )?{_LOOK})\b.*)"
    r"|(?:請|请|那|麻煩|麻烦)*再(?:來|来|做|畫|画|寫|写|說|说)?一?(?:次|遍|張|张|個|个)[，,：: ]*"
    r"(?P<chinese>(?:但|不過|不过|這次|这次|改|換|换|要|用|在|短|長|长|簡單|简单|快|慢|大聲|大声|小聲|小声|更).*)",
    re.IGNORECASE,
)


_PICTURE = r"(?:it|this|that|(?:this|that|the|the last) (?:picture|image|photo|one))"
_FILM = r"an? (?:short )?(?:video|clip|animation)"
_ASKING = r"(?:請|请|再|那|麻煩|麻烦|幫我|帮我|可以|[，, ])*"
_FILM_CHINESE = r"(?:一?[段個个部支])?(?:影片|短片|動畫|动画|視頻|视频|短視頻|短视频)"
_VIDEO = LazyPattern(
    r"(?:(?:please|now|and|ok(?:ay)?|can you|could you),? )*(?:"
    rf"(?:(?:make|create|do|give me|i want) )?{_FILM} (?:of|from|out of|with) {_PICTURE}"
    rf"|(?:make|turn|change|convert) {_PICTURE} (?:in)?to {_FILM}|make {_PICTURE} {_FILM}|animate {_PICTURE}"
    r"),?(?: please)?[.!?]*"
    rf"|{_ASKING}(?:[把將将]?(?:{_THING}{{1,2}})?(?:做|變|变|轉|转|弄|改)(?:成|為|为){_FILM_CHINESE}"
    rf"|[讓让]{_THING}{{1,2}}[動动]起[來来])(?:嗎|吗|吧|。|！|!|？|\?)*",
    re.IGNORECASE,
)
_ANOTHER = LazyPattern(
    r"(?:(?:please|ok(?:ay)?|and|now),? )*(?:(?:give|make|draw)(?: me)? )?"
    r"(?:another(?: one)?|one more)(?:,? please)?[.!]*"
    rf"|{_ASKING}再(?:來|来|做|畫|画|生成|給我|给我)?一?[張张個个幅][吧。！!]*",
    re.IGNORECASE,
)


def asks_for_video(text: str) -> bool:
    """Return whether a message wants a video of the picture before it."""
    return len(text) <= _LONGEST and _VIDEO.fullmatch(text.strip()) is not None


def asks_for_another(text: str) -> bool:
    """Return whether a message wants one more of the file before it."""
    return len(text) <= _LONGEST and _ANOTHER.fullmatch(text.strip()) is not None


def read_repeat(text: str) -> str:
    """Return how a message wants what was asked before to be done again; "" if it wants nothing of the kind."""
    text = text.strip()
    if not text or len(text) > _LONGEST or "\n" in text or text.endswith(("?", "？")):
        return ""
    found = _REPEATED.fullmatch(text)
    if found is None:
        return ""
    how: str = found["english"] or found["chinese"]
    is_said = how.lower().startswith(("but ", "this time ")) or found["chinese"] is not None
    return how if is_said or _is_phrase(how) else ""


def _is_phrase(text: str) -> bool:
    is_short = len(text.split()) <= _LONGEST_PHRASE
    return is_short and _CLAUSE.search(text) is None and _SPEAKER.search(text) is None


def may_be_change(text: str) -> bool:
    """Return whether a message may say how a picture before it should be different: it asks nothing, for nobody."""
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return False
    found = _ENGLISH.fullmatch(text) or (None if text.isascii() else _CHINESE.fullmatch(text))
    return found is not None and _ASKED.search(text) is None and _SPEAKER.search(text) is None


def reads_as_change(text: str, prompt: str) -> bool:
    """Return whether a message says how the picture of a prompt should be different.

    It names something to see: a look, a part of any picture, or something of the prompt; or it is very short.
    """
    text = text.strip()
    if not may_be_change(text):
        return False
    return bool(_VISIBLE.search(text) or _SHORT.fullmatch(text) or _words(text) & _words(prompt))


def _words(text: str) -> set[str]:
    found = (match[1] or match[0] for match in _WORD.finditer(text))
    return {word.lower().removesuffix("s") for word in found} - _COMMON
