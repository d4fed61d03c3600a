"""Recognition of sentences that ask for a picture: "draw me a red fox". Pure, and cheap: reads every message."""

import re

from bot.values.patterns import LazyPattern

_LONGEST = 600  # characters

_ASKED = r"(?P<asked>(?:can|could|would|will) you|can i(?= (?:get|have) ))"
_LEAD = rf"(?:(?:hi|hey|hello|please|ok(?:ay)?|now|and|{_ASKED})[,!]? +)*"
_PICTURE = r"(?:picture|image|photo(?:graph)?|drawing|painting|illustration)s?"
#: Of an understanding, or of a machine's disk.
_NO_LOOK = (
    r"(?:clear(?:er)?|better|big(?:ger)?|full(?:er)?|complete|whole|overall|good|mental|docker|container|disk|base)"
)
_ENGLISH = LazyPattern(
    rf"{_LEAD}(?:"
    r"(?:draw|paint|sketch|make|create|generate|produce|give|show|get|have|i(?:'d| would) like|i want|i need)"
    r"(?: me| us)?"
    rf"(?: an?| another| some| one)?(?: (?!{_NO_LOOK} )(?P<look>\w+))? "
    rf"{_PICTURE} (?:of|with|showing) (?P<of>.+?)"
    r"|(?:draw|paint|sketch)(?: me| us)? (?P<drawn>(?:an?|another|some|two|three|four) .+?)"
    r"),?(?: please| thanks| thank you| for me)*",
    re.IGNORECASE,
)
_NUMBER = "[一二兩两三四幾几]"
_COUNTED = "[隻只個个匹朵棵座頭头位艘輛辆台群間间棟栋]"
_CHINESE = LazyPattern(
    r"(?:請|请|麻煩|麻烦|(?P<asked>可以|可不可以|能不能|能否|能)|你|幫我|帮我|幫忙|帮忙|替我|給我|给我"
    r"|我想要|我要|[，, ])*(?:"
    rf"(?:畫|画|繪製|绘制|生成|產生|产生|製作|制作|做|來|来)出?{_NUMBER}?[張张幅](?P<of>.+?)的?"
    r"(?:圖片|图片|圖像|图像|圖畫|图画|照片|插圖|插图|圖|图|畫|画)"
    rf"|(?:畫|画)出?(?:{_NUMBER}[張张幅](?P<sheet>.+?)|(?P<drawn>{_NUMBER}{_COUNTED}.+?))"
    r")(?:好嗎|好吗|可以嗎|可以吗|嗎|吗|吧|謝謝|谢谢|[，, ])*"
)
#: What is drawn in words, lines or numbers, or meant otherwise: a model's own work.
_NO_PICTURE = LazyPattern(
    r"[`\n]|\b(?:conclusions?|lines?|distinctions?|comparisons?|parallels?|tables?|charts?|graphs?|plots?|diagrams?"
    r"|flow\W?charts?|plans?|lessons?|inferences?|analog(?:y|ies)|attention|blanks?|crowds?|cards?|winners?|names?|numbers?|lots|straws?|ascii"
    r"|svg|mermaid|uml|code|html)\b"
    r"|表|線|线|流程|架構|架构|心智|思維|思维|重點|重点|統計|统计|結論|结论|程式|代码|銷售|销售|趨勢|趋势|分析|長條|柱|餅圖|饼图|甘特|組織|组织"
    r"|關係|关系|比較|比较|數據|数据|拓撲|拓扑|時序|时序",
    re.IGNORECASE,
)
#: What is known from the conversation, or of the speaker alone: no description that a picture could be made from.
_POINTS = LazyPattern(
    r"(?:it|this|that|these|those|him|her|them|me|us|my|our|what|how|why|when|where|whether"
    r"|the (?:above|same|situation))\b.*|[這这那它他她我你上].*",
    re.IGNORECASE,
)


def read_picture_request(text: str) -> str:
    """Return the description of the picture that a message asks for; "" if it asks for none, or describes none."""
    text = text.strip().rstrip("。.!！ ")
    is_question, text = text.endswith(("?", "？")), text.rstrip("?？ ")
    if not text or len(text) > _LONGEST:
        return ""
    found = _ENGLISH.fullmatch(text) or (None if text.isascii() else _CHINESE.fullmatch(text))
    if found is None or (is_question and not found["asked"] and not text.endswith(("嗎", "吗"))):
        return ""
    groups = found.groupdict()
    what = next(groups[name] for name in ("of", "sheet", "drawn") if groups.get(name))
    if _NO_PICTURE.search(text) or _POINTS.fullmatch(what):
        return ""
    return f"{what}, {look}" if (look := groups.get("look")) else what
