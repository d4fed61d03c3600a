"""Recognition of plain sentences that ask what the service can do. Pure.

Only a whole sentence counts, so that a question about anything else goes to the model.
"""

from bot.values.patterns import LazyPattern

_LONGEST = 60  # characters

_GREETING = r"(?:(?:hi|hey|hello|hiya|ok(?:ay)?|so|and|please|well)\b[,!.]* ?)*"
_BOT = r"(?:you|this (?:bot|app|thing)|the bot)"
_FOR = r"(?: (?:exactly|actually|here|please|for (?:me|us)|(?:in|for) this (?:channel|server)|(?:me|us) with))*"
_ABILITY = "|".join(
    (
        rf"what (?:all |else |kinds? of things )?can {_BOT} (?:do|help(?: (?:me|us))?(?: with)?|make|generate|create)",
        rf"(?:what|how) can {_BOT} help(?: (?:me|us))?",
        r"what (?:are you|is this bot) (?:able to do|capable of|(?:good )?for)",
        rf"what (?:do you|does {_BOT}) do",
        r"what (?:all |else |kinds? of things )?can (?:i|we) (?:ask|tell)(?: you)?(?: (?:to do|for|about))?",
        rf"what can (?:i|we) (?:do|use) (?:with {_BOT}|{_BOT} for)",
        r"what are your (?:commands|features|functions|abilities|capabilities|skills)",
        r"(?:what|which) (?:commands|features) (?:are there|do you (?:have|know|support|offer))",
        rf"how (?:do|can|should) (?:i|we) use {_BOT}|how (?:do you|does {_BOT}) work",
    )
)
_IDENTITY = (
    r"who are you|what are you|who(?:'s| is) this(?: bot)?|what(?:'s| is) this bot"
    r"|introduce yourself|tell me about yourself"
)

_CHINESE_GREETING = r"(?:嗨|你好|妳好|您好|哈囉|哈啰|請問|请问|那麼|那么|那|[，,！!。 ])*"
_YOU = r"[你妳您]"
_CAN = r"(?:會|会|能夠|能够|能|可以)"
_WHAT = r"(?:些|有)?(?:什麼|什么|甚麼|啥|哪些)(?:事情|事|東西|东西|忙|功能|指令|命令)?"
_MAKE = r"(?:做到|做|幫忙|帮忙|幫|帮|回答|生成|產生|产生)?"
_FOR_ME = r"(?:(?:幫|帮|為|为|替)(?:我|我們|我们|大家)(?:們|们)?)?"
_CHINESE_ABILITY = "|".join(
    (
        rf"{_YOU}(?:都|還|还)?{_CAN}{_FOR_ME}{_MAKE}{_WHAT}",
        rf"{_YOU}的?(?:有什麼|有什么|有哪些|有啥)(?:功能|能力|指令|命令|本事|用處|用处|用)",
        rf"{_YOU}的?(?:功能|能力|指令|命令)(?:有哪些|有什麼|有什么|是什麼|是什么)",
        r"有(?:什麼|什么|哪些)(?:指令|命令|功能)(?:可以用|可用|能用)?",
        rf"我(?:們|们)?(?:可以|能夠|能够|能)(?:問|问|請|请|叫|讓|让|要){_YOU}{_MAKE}{_WHAT}",
        rf"我?(?:要|該|该|可以|應該|应该)?(?:怎麼|怎么|怎樣|怎样|如何)(?:使)?用(?:{_YOU}|這個機器人|这个机器人)",
        rf"{_YOU}(?:要|該|该)?(?:怎麼|怎么|如何)(?:使)?用",
    )
)
_CHINESE_IDENTITY = (
    rf"{_YOU}是(?:誰|谁|什麼|什么|什麼東西|什么东西)|(?:請|请)?"
    rf"(?:(?:自我介紹|自我介绍)(?:一下)?|(?:介紹|介绍)(?:一下)?(?:{_YOU}?自己|{_YOU}))"
)
_CHINESE_END = r"(?:呢|啊|呀|嗎|吗|阿)?"


_ENGLISH = LazyPattern(rf"{_GREETING}(?:(?P<ability>{_ABILITY})|(?P<identity>{_IDENTITY})){_FOR}")
_CHINESE = LazyPattern(
    rf"{_CHINESE_GREETING}(?:(?P<ability>{_CHINESE_ABILITY})|(?P<identity>{_CHINESE_IDENTITY})){_CHINESE_END}"
)


def asks_for_help(text: str, *, is_named: bool) -> bool:
    """Return whether a plain message asks what the service can do, or who it is.

    `is_named`: a system prompt may say who the model is, so that only it can answer who it is.
    """
    if len(text) > _LONGEST or "`" in text:
        return False
    text = " ".join(text.lower().replace("’", "'").split()).strip(" .。!！?？~～")
    found = (_ENGLISH if text.isascii() else _CHINESE).fullmatch(text)
    return found is not None and not (is_named and found["identity"])
