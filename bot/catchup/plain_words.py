"""Recognition of plain sentences that ask for a catch-up. Pure.

They are such as "what did I miss since yesterday?" and "summarise this channel".
Only what can hardly mean anything else counts: a place or time is all that may stand beside the request itself.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from bot.catchup.request import read_request
from bot.commandline.parser import Request
from bot.models import CommandSpec
from bot.values.patterns import LazyPattern

CATCHUP = "catchup"
#: Which of the sentences count: all, those that name the channel or the thread, or none.
Counted: TypeAlias = Literal["all", "named", "none"]
_LONGEST = 120  # characters
#: Messages that are read where somebody wants a summary and names no time: they may have written a minute ago.
_SUMMARY = "last 200 messages"

_POLITE = (
    r"(?:(?:hi|hey|hello|ok(?:ay)?|so|please|pls|and|now)\b[,!.]? ?)*"
    r"(?:(?:can|could|would|will) you (?:please )?|i(?:'d| would) like (?:you )?to )?(?:tell me |show me |give me )?"
)
_CHANNEL = r"(?:this|the|our) (?:whole |entire )?(?:channel|room)"
_HERE = rf"(?:in here|here|(?:in|on|of|for|from) {_CHANNEL}|in this thread)"
_AWAY = (
    r"(?:while|when|as) i was (?:away|gone|out|off|offline|asleep|sleeping|in (?:an? |the |my )?meetings?"
    r"|on (?:leave|holiday|vacation))"
)
_SAID = (
    r"(?:what (?:was|has been|we|people|everyone|everybody) ?(?:said|discussed|written)"
    r"|what (?:has )?happened|what went on)"
)
_END = r"(?=[ ,.?!]|$)"
_MISSED = LazyPattern(
    _POLITE + r"(?:what (?:did|have|had) (?:i|we) miss(?:ed)?|what (?:i|we)(?:'ve| have)? missed"
    r"|(?:did|have) i miss(?:ed)? (?:anything|something)(?: important| interesting)?"
    r"|(?:catch|fill) me (?:up|in)|(?:bring|get) me up to (?:speed|date)"
    rf"|(?:what(?:'s| is| has)? (?:new|been going on|been happening)|{_SAID}) {_HERE}|{_SAID}(?= {_AWAY}))"
    rf"(?: (?:with|on|about) {_CHANNEL})?{_END}",
)
_SUMMARISED = LazyPattern(
    _POLITE + r"(?:summari[sz]e|sum up|recap|digest|tl;?dr(?: of)?"
    r"|(?:an? |the )?(?:short |quick |brief )?(?:summary|recap|digest|overview) of)"
    rf" (?:{_CHANNEL}|(?:(?:the|all) )?(?:messages|conversations?|discussions?|chat) {_HERE}|{_SAID} {_HERE}"
    rf"|(?=(?:the )?(?:last|newest|past) \S+ messages?\b))(?:{_END}|(?<= ))",
)
_FILLING = rf"(?:[ ,]*\b(?:please|pls|thanks|thank you|{_HERE}|{_AWAY})\b)+"
_TAIL = LazyPattern(rf"^{_FILLING}|{_FILLING}$")

_CHINESE_POLITE = (
    r"(?:嗨|你好|哈囉|哈啰|請問|请问|請|请|麻煩|麻烦|幫忙|帮忙|幫我|帮我|可以|可不可以|能不能|能|你|給我|给我"
    r"|告訴我|告诉我|[，,] ?)*"
)
_CHINESE_HERE = (
    r"(?:在?(?:這裡|这里|這裏|這邊|这边|這個?頻道|这个?频道|本頻道|本频道|頻道裡|频道里)(?:裡面|里面|裡|里|內|内|上)?)"
)
_CHINESE_AWAY = (
    r"(?:在?我(?:不在|離開|离开|離線|离线|請假|请假|開會|开会|睡覺|睡觉)(?:的?(?:時候|时候|期間|期间|時|时))?)"
)
_CHINESE_SPAN = (
    r"(?:(?:自|從|从)?(?:今天|昨天|前天|[這这本](?:週|周|個?星期|个?星期)|上?(?:週|周|星期|禮拜|礼拜)[一二三四五六日天]"
    r"|(?:最近|最新|過去|过去|前)(?:的)? ?[\d一二兩两三四五六七八九十百千]+ ?(?:個|个)?"
    r"(?:分鐘|分钟|小時|小时|天|日|週|周|星期|禮拜|礼拜|則|则|條|条)(?:訊息|讯息|消息|信息|留言)?)(?:以來|以来|起|開始|开始)?)"
)
_COUNTED = LazyPattern("[則则條条]")
_CHINESE_WHAT = r"(?:什麼|什么|哪些|些什麼|些什么|啥)(?:事情|事|訊息|讯息|消息|內容|内容|東西|东西)?"
_CHINESE_SAID = rf"(?:大家|有人)?(?:都|有)?(?:說|说|聊|討論|讨论|發生|发生)(?:了|過|过)?{_CHINESE_WHAT}"
_CHINESE_TEXT = r"(?:的?(?:訊息|讯息|消息|信息|對話|对话|聊天(?:記錄|记录|紀錄)?|內容|内容|討論|讨论))"
_CHINESE_SUM = r"(?:總結|总结|摘要|整理|歸納|归纳|概括|回顧|回顾)"
_CHINESE_MISSED = LazyPattern(
    _CHINESE_POLITE
    + rf"(?:(?:(?P<place>{_CHINESE_HERE}|{_CHINESE_AWAY})|(?P<span>{_CHINESE_SPAN})|(?P<i>我)(?:有沒有|有没有)?)"
    r"的?[，,]? ?)*"
    rf"(?:(?P<missed>(?:錯過|错过|漏掉|漏看|沒看到|没看到)了?{_CHINESE_WHAT})|{_CHINESE_SAID})(?:嗎|吗|呢)?"
)
_CHINESE_SUMMARISED = LazyPattern(
    _CHINESE_POLITE + rf"(?:(?P<order>{_CHINESE_SUM})|把|將|将)?(?:一下)? ?(?:(?P<span>{_CHINESE_SPAN})的?)?"
    rf"(?P<place>{_CHINESE_HERE})?的?(?:(?P<later>{_CHINESE_SPAN})的?)?{_CHINESE_TEXT}?"
    rf"(?P<after>{_CHINESE_SUM}(?:一下)?)?(?:給我|给我|吧|好嗎|好吗)?"
)
_OF_CHANNEL = LazyPattern(r"channel|room|[頻频]道")
_OF_THREAD = LazyPattern(r"thread|討論串|讨论串")


def as_catchup(
    request: Request, text: str, specs: Sequence[CommandSpec], *, is_in_thread: bool, counted: Counted = "all"
) -> Request:
    """Return the request as one to catch up, where the words of its text ask for that and the command is offered.

    A text with a command stays what was typed. The command reads a thread where it is asked in one, so that there a
    request about the channel is none, and the other way round.
    """
    if request != Request(prompt=text) or len(text) > _LONGEST or counted == "none":
        return request
    span, words = read_plain_words(text), text.lower()
    other, named = (_OF_CHANNEL, _OF_THREAD) if is_in_thread else (_OF_THREAD, _OF_CHANNEL)
    if span is None or other.search(words) is not None or (counted == "named" and named.search(words) is None):
        return request
    if not any(spec.name == CATCHUP and not spec.hidden for spec in specs):
        return request
    return replace(request, command=CATCHUP, prompt=span)


def read_plain_words(text: str) -> str | None:
    """Return which messages a sentence asks for, in the words of the command; None: it asks for no catch-up."""
    text = " ".join(text.lower().replace("’", "'").split()).strip(" .。!！?？~～")
    if text.isascii():
        return _read_english(text)
    return _read_chinese(text)


def _read_english(text: str) -> str | None:
    found = _MISSED.match(text)
    is_summary = found is None
    found = found or _SUMMARISED.match(text)
    if found is None:
        return None
    span = _TAIL.sub("", text[found.end() :].strip(" ,")).strip(" ,.?")
    return _checked(span, _SUMMARY if is_summary else "")


def _read_chinese(text: str) -> str | None:
    if (found := _CHINESE_MISSED.fullmatch(text)) is not None:
        return _checked(found["span"] or "", "") if found["place"] or (found["missed"] and found["i"]) else None
    found = _CHINESE_SUMMARISED.fullmatch(text)
    if found is None or not (found["order"] or found["after"]):
        return None
    span = found["span"] or found["later"] or ""
    return _checked(span, _SUMMARY) if found["place"] or _COUNTED.search(span) else None


def _checked(span: str, without: str) -> str | None:
    """Return a span that the command understands; None: it does not. `without`: what holds where none is named."""
    if not span:
        return without
    return None if read_request(span, datetime.now(UTC), ZoneInfo("UTC")) is None else span
