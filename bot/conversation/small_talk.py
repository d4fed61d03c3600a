"""Recognition of words that ask for nothing: greetings, thanks and goodbyes."""

import re

_LONGEST = 60  # characters
_WORDS = (
    r"hi|hello|hey|hiya|yo|good (?:morning|afternoon|evening|night)|morning|thanks?(?: you)?(?: so much| a lot)?|"
    r"thx|ty|cheers|bye|goodbye|see you(?: later| soon)?|ok(?:ay)?|cool|great|nice|perfect|awesome|well done|"
    r"good (?:job|bot)|lol|haha+|"
    r"你好|妳好|您好|哈囉|哈啰|嗨|早安|早上好|午安|晚安|晚上好|謝謝(?:你|您|大家)?|谢谢(?:你|您|大家)?|多謝|多谢|"
    r"感謝|感谢|感恩|再見|再见|掰掰|拜拜|好的?|"
    r"太好了|太棒了|很棒|讚|赞|辛苦了|哈哈+"
)
_NAMED = r"(?:[ ,，]+(?!(?:can|could|what|how|why|who|when|where|is|are|do|does|please)\b)[\w'’]{1,20}){0,2}"
_SMALL_TALK = re.compile(rf"(?i)^\W*(?:(?:{_WORDS})\W*)+?{_NAMED}\W*$")


def is_small_talk(text: str) -> bool:
    """Whether a message is nothing but a greeting, thanks or a goodbye, perhaps with a name."""
    return len(text) <= _LONGEST and _SMALL_TALK.match(text) is not None
