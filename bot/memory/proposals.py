"""Sentences that sound like something to remember, by a few patterns of English and Chinese. Pure."""

import re

from bot.memory.secrets import may_have_secret
from bot.values import valueclass
from bot.values.patterns import LazyPattern

_LONGEST = 300  # characters of a message: what is longer is a text to work on
_SENTENCES = LazyPattern(r"(?<=[。！；？])|(?<=[.!;?])\s+|\n+")
_POLITE = r"(?:please,? |pls |also,? |and |ok(?:ay)?,? |hey,? |(?:can|could|would) you (?:please )?)?"
_VERBS = (
    r"(?:answer|reply|respond|write|speak|talk|use|call|address|give|format|keep|be|show|explain|translate|include)"
)
_CHINESE_VERBS = (
    r"(?:回答|回覆|回复|用|叫|稱呼|称呼|說|说|寫|写|給|给|不要|別|别|不用|都要|直接|附|翻|以[^後后]|把|幫|帮)"
)
#: What stands between "remember" and the note.
_LATER = r"(?:\s?\bfor (?:later|the future))?"
_OPENING = r"(?:,?\s?\bthat |\s?[:：]\s?)"
#: What follows is the note.
_ASKED = LazyPattern(
    rf"(?i)^{_POLITE}(?:remember|keep in mind|note down|make a note|don['’]t forget){_LATER}(?:{_OPENING}"
    r"|,? (?=(?:i|i['’]m|we|my|our)\b.*\b(?:is|are|am|use|write|work|like|prefer|have|live|['’]m)\b))"
    r"(?P<note>\S.*)"
    r"|^(?:那|好,?|好，|也)?(?:請|请|麻煩|麻烦)?你?(?:幫我|帮我)?(?:記住|记住|記下來|记下来|記下|记下|請記得|请记得)"
    r"(?:這件事|这件事|一下|了)?\s{0,2}[:：,，]?\s{0,2}(?P<chinese>\S.+)"
)
#: The whole sentence is the note: a wish for all that follows.
_WISH = LazyPattern(
    rf"(?i)^{_POLITE}(?:(?:from now on|from here on)\b,? .{{4,}}"
    rf"|(?:in (?:the )?future|going forward),? (?:please |always |never |do(?:n['’]t| not) )*{_VERBS}\b.{{3,}}"
    rf"|(?:always|never) {_VERBS}\b.{{3,}}|(?:don['’]t|do not) ever {_VERBS}\b.{{3,}})"
    r"|^(?:請|请)?(?:從現在起|从现在起|從現在開始|从现在开始|以後|以后|今後|今后|往後|往后|接下來都|接下来都)[,，]?\s?"
    rf"(?:請|请)?(?:你|都|一律|每次)*{_CHINESE_VERBS}.+"
    rf"|^(?:請|请)?你?(?:總是|总是|一律|永遠|永远|每次都)(?:要)?{_CHINESE_VERBS}.+"
)
#: What follows "call me" where it is no name.
_NO_NAME = (
    r"(?:back|when|if|at|on|in|before|after|as|by|once|an?|the|this|next|later|crazy|maybe|again|any ?time"
    r"|tomorrow|today|tonight|now|soon|asap|please)\b"
)
#: The whole sentence is the note: about the person.
_PERSONAL = LazyPattern(
    r"(?i)^(?:hi,? |hello,? |hey,? )?(?:my (?:first |full |last )?name(?: is|['’]s) "
    r"(?!(?:on|in|at|of|from|under|not|there|missing|wrong)\b)\S.{0,60}"
    rf"|(?:please )?call me (?!{_NO_NAME})\w[\w' .-]{{0,40}}"
    r"|my (?:pronouns|time ?zone|native language|role|birthday|hometown)(?: is| are|['’]s) \S.{0,80}"
    r"|my (?:job|team)(?: is|['’]s) (?-i:[A-Z0-9]).{0,80}"
    r"|i(?: always| really| usually)? prefer \S.{2,120}"
    r"|i(?:['’]m| am) (?:vegetarian|vegan|colou?r-?blind|left-handed)\b.{0,40})"
    r"|^(?:我叫(?![你妳他她它了車车])|我的(?:名字|姓名)(?:叫|是)|(?:請|请)?叫我(?![來来去做怎什滾滚]))[\w·]{1,20}[。！.!]?$"
    r"|^我的(?:時區|时区|職位|职位|職業|职业|工作|團隊|团队|母語|母语|生日)是.{1,60}"
    r"|^我(?:比較|比较)?(?:偏好|習慣|习惯)(?:用)?.{2,60}|^我(?:吃素|是素食|是左撇子|色盲).{0,30}"
)
_CHINESE_QUESTION = LazyPattern("什麼|什么|誰|谁|哪")
_QUESTION = LazyPattern(r"[?？]\s*$|[嗎吗呢]\s*$")


@valueclass(frozen=True, slots=True)
class Proposal:
    """A note that could be remembered."""

    text: str
    is_personal: bool  #: it is of no use to others


def find_proposal(text: str) -> Proposal | None:
    """Return the first sentence of a message that sounds like a note; None: there is none, or it may be a secret.

    Quotations, which others have written, and code are none of its words.
    """
    if ">" in text:
        text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(">"))
    if len(text) > _LONGEST or "`" in text:
        return None
    found = next(filter(None, map(_propose, _SENTENCES.split(text))), None)
    return None if found is None or may_have_secret(text) else found


def without_opening(words: str) -> str:
    """Return what follows "remember" without the words that only lead to the note."""
    return re.sub(rf"(?i)^{_LATER}{_OPENING}(?=\S)", "", words)


def _propose(sentence: str) -> Proposal | None:
    sentence = sentence.strip()
    if not sentence or _QUESTION.search(sentence):
        return None
    if (asked := _ASKED.match(sentence)) is not None:
        note = (asked["note"] or asked["chinese"]).strip()
        return Proposal(note, is_personal=_PERSONAL.match(note) is not None)
    if _PERSONAL.match(sentence) is not None and _CHINESE_QUESTION.search(sentence) is None:
        return Proposal(sentence, is_personal=True)
    return Proposal(sentence, is_personal=False) if _WISH.match(sentence) is not None else None
