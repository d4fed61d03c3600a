"""Numbers as people write them, in digits or in words of English and Chinese. Pure."""

_ENGLISH = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_CHINESE = {character: number for number, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "兩": 2, "两": 2}

#: Patterns of numbers in words.
ENGLISH_NUMBER = f"an?|{'|'.join(_ENGLISH)}"
CHINESE_NUMBER = "[〇零一二兩两三四五六七八九十]{1,3}"


def read_english(text: str) -> float:
    """Read a number in digits or a word, in any case. Raises `ValueError`."""
    word = text.lower()
    if word in _ENGLISH:
        return _ENGLISH.index(word) + 1
    return 1 if word in ("a", "an") else float(word)


def read_chinese(text: str) -> int:
    """Read a number in digits, or one up to 99 in characters. Raises `ValueError`."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.partition("十")
    if len(tens) > 1 or len(ones) > 1 or not (ten or tens) or not {*tens, *ones} <= _CHINESE.keys():
        raise ValueError(text)
    if not ten:
        return _CHINESE[tens]
    return (_CHINESE[tens] if tens else 1) * 10 + (_CHINESE[ones] if ones else 0)
