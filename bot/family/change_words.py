"""Which short sentences read as a change of the picture before them. Pure, and cheap: it looks at every message."""

import re

_LONGEST = 120  # characters

_PRONOUN = r"(?:it|this|that|him|her|them|the (?:picture|image|sky|background|scene|colou?rs?|\w+))"
_LOOK = (
    r"(?:darker|brighter|lighter|bigger|larger|smaller|closer|warmer|colder|softer|sharper|blurrier|simpler|wider"
    r"|taller|thinner|fatter|older|younger|happier|sadder|scarier|cuter|funnier|redder|bluer|greener|whiter|blacker"
    r"|(?:more|less) (?:colou?rful|realistic|dramatic|detailed|contrast|light|saturated|abstract|vivid))"
)
_PLACE = r"(?:at|in|with|without|as|on|by|from|under|during)"
_ENGLISH = re.compile(
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
_CHINESE = re.compile(
    r"(?:請|请|再|那|麻煩|麻烦|幫我|帮我|現在|现在|[，, ])*(?:"
    + "|".join(
        (
            rf"[把將将讓让].{{1,30}}(?:{_DONE}|更|{_SEEN}).*",
            rf"{_THING}?(?:再|更|稍微|變|变|弄|調|调|改)?得?更?{_SEEN}{_DEGREE}",
            rf"{_THING}?(?:再|更|稍微)更?{_SEEN}",
            rf"(?:同樣|同样|一樣|一样|相同)的?{_THING}?[，, ]*(?:但是?|只是|不過|不过|在|換|换|改|晚上|夜).*",
            r"(?:加上|加一|加個|加个|去掉|拿掉|移除|換成|换成|改成|變成|变成).+",
        )
    )
    + r")(?:吧|。|！|!)*"
)
#: What makes a sentence a question, or work for the chat.
_ASKED = re.compile(
    r"[?？`\n]|嗎|吗|什麼|什么|怎麼|怎么|為何|为何|誰|谁|哪|多少|呢$|翻譯|翻译|表格|清單|清单|摘要"
    r"|\b(?:list|table|summary|summari[sz]e|translate|translation|shorter|longer|sentence|paragraph|text|code|comment|email"
    r"|english|chinese|clear|sense|explain)\b",
    re.IGNORECASE,
)


_REPEATED = re.compile(
    r"(?:please |now |and |ok(?:ay)?,? )*(?:once )?(?:again|once more|one more time)(?:,? please)?[,:]? *"
    r"(?P<english>(?:but|this time|without|with|in|at|shorter|longer|simpler|slower|faster|louder|quieter"
    rf"|(?:a (?:bit|little) |much |slightly )?{_LOOK})\b.*)"
    r"|(?:請|请|那|麻煩|麻烦)*再(?:來|来|做|畫|画|寫|写|說|说)?一?(?:次|遍|張|张|個|个)[，,：: ]*"
    r"(?P<chinese>(?:但|不過|不过|這次|这次|改|換|换|要|用|在|短|長|长|簡單|简单|快|慢|大聲|大声|小聲|小声|更).*)",
    re.IGNORECASE,
)


def read_repeat(text: str) -> str:
    """Return how a message wants what was asked before to be done again; "" if it wants nothing of the kind."""
    text = text.strip()
    if not text or len(text) > _LONGEST or "\n" in text or text.endswith(("?", "？")):
        return ""
    found = _REPEATED.fullmatch(text)
    return (found["english"] or found["chinese"]) if found is not None else ""


def reads_as_change(text: str) -> bool:
    """Return whether a message says how the picture before it should be different, and asks nothing."""
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return False
    found = _ENGLISH.fullmatch(text) or _CHINESE.fullmatch(text)
    return found is not None and _ASKED.search(text) is None
