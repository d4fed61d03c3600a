"""Plain sentences that ask for a catch-up, and some that do not."""

from dataclasses import replace

from bot.catchup.plain_words import Counted, as_catchup, read_plain_words
from bot.commandline.parser import Request
from bot.commands._base import load_commands
from bot.models import KINDS

#: Sentences, and what `/catchup` is asked for.
ASKED = """
what did I miss? |
What did I miss since yesterday? | since yesterday
hey, what did I miss here today? | today
What have I missed in this channel since Monday? | since monday
what did I miss while I was away? |
Did I miss anything important? |
catch me up |
catch me up on this channel |
could you please catch me up on this channel since yesterday? | since yesterday
bring me up to speed on this channel |
summarise this channel | last 200 messages
Summarize this channel, please | last 200 messages
can you summarize this channel since yesterday? | since yesterday
give me a summary of this channel | last 200 messages
give me a quick recap of the channel for the last 3 days | for the last 3 days
recap the last 200 messages | the last 200 messages
could you sum up the last 3 messages here, please? | the last 3 messages
summarise the last 50 messages here | the last 50 messages
summarize what was said here today | today
what happened here today? | today
what happened in this channel while I was away? |
what's new in this channel? |
what was said while I was out? |
我錯過了什麼？ |
我昨天以來錯過了什麼 | 昨天以來
昨天以來我錯過了什麼？ | 昨天以來
这里我错过了什么 |
我不在的時候大家說了什麼？ |
我不在的时候发生了什么 |
這裡發生了什麼事？ |
總結這個頻道 | last 200 messages
请总结一下这个频道 | last 200 messages
幫我總結這個頻道昨天的訊息 | 昨天
總結最近 50 則訊息 | 最近 50 則訊息
总结最近50条消息 | 最近50条消息
把這個頻道的訊息總結一下 | last 200 messages
這個頻道今天聊了什麼？ | 今天
what did I miss in this thread? |
recap what people said here while I was in a meeting | last 200 messages
"""
#: Sentences that ask for something else, or might.
OTHERS = """
what did I miss in the exam?
what did Bob miss?
I miss you
what's new?
what's new in Python 3.13?
what happened yesterday?
what happened in 1969?
what happened here in 1969?
summarise this
summarise this thread
summarise this article about the channel tunnel
summarise the channel tunnel project
summarise the last chapter
summarise the last 3 messages that Bob sent
summarise the last 3 chapters
summarise https://example.com
catch me if you can
catch me up on quantum computing
bring me up to speed on Rust
fill me in on the plan for the party
recap the plot of Dune
give me a summary of the French Revolution
write a summary of this channel for the newsletter
what did I miss? also, draw a cat
how do I summarise a channel in Slack?
can you make a summary of the messages that customers send us?
what did we discuss about Rust?
summarize this channel in a poem
總結這篇文章
總結一下
我錯過了公車
我錯過了什麼重點在這段程式碼裡
總結法國大革命
昨天發生了什麼事？
發生了什麼？
大家說了什麼
整理這個清單
總結今天
今天發生了什麼大事
我想你
这里是哪里
這個頻道是做什麼的
what's going on here?
did I miss anything in the report?
把這個頻道刪掉
我錯過了什麼會議
"""


def test_clear_requests_are_known_and_nothing_else() -> None:
    """In English and both Chinese scripts, with a place and a time; other words beside them make it a question."""
    asked = dict(line.rstrip().split(" |", 1) for line in ASKED.strip().splitlines())
    assert {sentence: read_plain_words(sentence) for sentence in asked} == {
        sentence: span.strip() for sentence, span in asked.items()
    }
    assert [sentence for sentence in OTHERS.strip().splitlines() if read_plain_words(sentence) is not None] == []


def test_a_request_stays_where_the_command_does_not_fit() -> None:
    """Where it is switched off, has options or a command, or is about the channel of the thread it is asked in.

    Where fewer sentences count, those that name the place still may.
    """
    specs = load_commands(dict.fromkeys(KINDS, ())).specs
    asked, of_channel = Request(prompt="what did I miss today?"), Request(prompt="summarise this channel")
    assert as_catchup(asked, asked.prompt, specs, is_in_thread=True) == Request(command="catchup", prompt="today")
    wide: tuple[Counted, ...] = ("all", "named")
    for counted in wide:
        found = as_catchup(of_channel, of_channel.prompt, specs, is_in_thread=False, counted=counted)
        assert found.command == "catchup"
    narrow: tuple[Counted, ...] = ("named", "none")
    for counted in narrow:
        assert as_catchup(asked, asked.prompt, specs, is_in_thread=True, counted=counted) == asked
    assert as_catchup(asked, f"/chat {asked.prompt}", specs, is_in_thread=True) == asked
    off = [replace(spec, hidden=spec.name == "catchup") for spec in specs]
    for one, offered, is_in_thread in (
        (asked, off, False),
        (replace(asked, options={"model": "m"}), specs, False),
        (replace(asked, command="code"), specs, False),
        (of_channel, specs, True),
        (Request(prompt="what did I miss in this thread?"), specs, False),
    ):
        assert as_catchup(one, one.prompt, offered, is_in_thread=is_in_thread) == one
