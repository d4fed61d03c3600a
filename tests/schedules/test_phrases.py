"""What people type for the time of a schedule, in English and Chinese, and what it means in their time zone."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from bot.schedules.phrases.forms import UnclearTime, WrongInterval
from bot.schedules.phrases.reading import TimeIsOver, read_when
from bot.schedules.reminders import asks_for_reminder, is_without_words, read_reminder
from bot.schedules.times import WrongExpression, last_time, next_time, shortest_interval, times_after, to_utc
from tests.support.database.store import event
from tests.support.schedules.clock import START

TAIPEI = ZoneInfo("Asia/Taipei")
BERLIN = ZoneInfo("Europe/Berlin")

#: What is typed, its expression, its first time in Taipei, where it is 9:30 on Friday, and what is left of the text.
PHRASES = """
every weekday 9:00 /catchup | 0 9 * * 1-5 | Mon 11-30 09:00 | /catchup
in 2 hours remind me | | Fri 11-27 11:30 | remind me
in half an hour x | | Fri 11-27 10:00 | x
in 1 hour and 30 minutes x | | Fri 11-27 11:00 | x
in 1.5h x | | Fri 11-27 11:00 | x
next week x | | Mon 11-30 09:00 | x
next week on Friday at 3 pm x | | Fri 12-04 15:00 | x
Friday next week x | | Fri 12-04 09:00 | x
this weekend x | | Sat 11-28 09:00 | x
on the weekend at 10 x | | Sat 11-28 10:00 | x
next weekend x | | Sat 12-05 09:00 | x
下週 開會 | | Mon 11-30 09:00 | 開會
下下星期下午三點 開會 | | Mon 12-07 15:00 | 開會
這個週末 x | | Sat 11-28 09:00 | x
下週末早上十點 x | | Sat 12-05 10:00 | x
tomorrow at 9 say hi | | Sat 11-28 09:00 | say hi
at 9 tomorrow x | | Sat 11-28 09:00 | x
at 5 pm on Monday news | | Mon 11-30 17:00 | news
9:30 every weekday x | 30 9 * * 1-5 | Mon 11-30 09:30 | x
at 8am every Mon, Wed and Fri x | 0 8 * * 1,3,5 | Mon 11-30 08:00 | x
at 9 every day x | 0 9 * * * | Sat 11-28 09:00 | x
remind me to stretch at 9 every day | 0 9 * * * | Sat 11-28 09:00 | remind me to stretch
remind me at noon tomorrow to stretch | | Sat 11-28 12:00 | remind me to stretch
tonight what's up | | Fri 11-27 20:00 | what's up
every Monday 8:30 /image a fox | 30 8 * * 1 | Mon 11-30 08:30 | /image a fox
every Mon, Wed and Fri at 7pm news | 0 19 * * 1,3,5 | Fri 11-27 19:00 | news
on the 1st of each month /usage | 0 9 1 * * | Tue 12-01 09:00 | /usage
monthly on the 31st at 10:15 x | 15 10 31 * * | Thu 12-31 10:15 | x
the last day of each month at 18:00 x | 0 18 L * * | Mon 11-30 18:00 | x
every day 3 facts about cats | 0 9 * * * | Sat 11-28 09:00 | 3 facts about cats
every day 9 /x | 0 9 * * * | Sat 11-28 09:00 | /x
daily at noon: menu | 0 12 * * * | Fri 11-27 12:00 | menu
every morning news | 0 9 * * * | Sat 11-28 09:00 | news
every weekend at midnight x | 0 0 * * 0,6 | Sat 11-28 00:00 | x
every 30 minutes x | */30 * * * * | Fri 11-27 10:00 | x
every hour x | 0 * * * * | Fri 11-27 10:00 | x
every two hours x | 0 0-23/2 * * * | Fri 11-27 10:00 | x
every 5 hours x | @300 1795743000 | Fri 11-27 14:30 | x
every 48 hours x | @2880 1795743000 | Sun 11-29 09:30 | x
every 3 days x | 0 9 * * * 3d@2026-11-27 | Mon 11-30 09:00 | x
every three days at 18:00 x | 0 18 * * * 3d@2026-11-27 | Fri 11-27 18:00 | x
every other day 8:30 x | 30 8 * * * 2d@2026-11-27 | Sun 11-29 08:30 | x
every 2 weeks 3 facts | 0 9 * * 5 2w@2026-11-23 | Fri 12-11 09:00 | 3 facts
every 2 weeks on Monday and Thursday at 9 x | 0 9 * * 1,4 2w@2026-11-30 | Mon 11-30 09:00 | x
every other Friday at 16:00 x | 0 16 * * 5 2w@2026-11-23 | Fri 11-27 16:00 | x
every week on Friday 16:00 x | 0 16 * * 5 | Fri 11-27 16:00 | x
every 3 months x | 0 9 27 * * 3m@2026-11-01 | Sat 02-27 09:00 | x
every 2 months on the 1st at 10:00 x | 0 10 1 * * 2m@2026-12-01 | Tue 12-01 10:00 | x
remind me every 5 hours to drink | @300 1795743000 | Fri 11-27 14:30 | remind me to drink
remind me to stretch in 20 minutes | | Fri 11-27 09:50 | remind me to stretch
please remind us in 20 minutes to stretch | | Fri 11-27 09:50 | please remind us to stretch
remind me to ask at noon for it every Monday at 9 | 0 9 * * 1 | Mon 11-30 09:00 | remind me to ask at noon for it
提醒我20分鐘後吃飯 | | Fri 11-27 09:50 | 提醒我吃飯
提醒我 明天9點 開會 | | Sat 11-28 09:00 | 提醒我 開會
every Monday-Friday 9:00 x | 0 9 * * 1,2,3,4,5 | Mon 11-30 09:00 | x
every Mon–Wed and Sat at 9 x | 0 9 * * 1,2,3,6 | Sat 11-28 09:00 | x
every Friday to Monday x | 0 9 * * 1,5,6,0 | Sat 11-28 09:00 | x
on Monday and Thursday at 9 x | 0 9 * * 1,4 | Mon 11-30 09:00 | x
Monday, Wednesday 9:00 x | 0 9 * * 1,3 | Mon 11-30 09:00 | x
Mon/Wed/Fri 10am: x | 0 10 * * 1,3,5 | Fri 11-27 10:00 | x
2 hours from now x | | Fri 11-27 11:30 | x
an hour from now x | | Fri 11-27 10:30 | x
Monday to Friday 9:00 x | 0 9 * * 1,2,3,4,5 | Mon 11-30 09:00 | x
every Monday to do list | 0 9 * * 1 | Mon 11-30 09:00 | to do list
every first Monday of the month at 9: x | 0 9 * * 1#1 | Mon 12-07 09:00 | x
on the last Friday of each month at 16:00 x | 0 16 * * 5L | Fri 11-27 16:00 | x
the 2nd Sunday of every month at noon x | 0 12 * * 0#2 | Sun 12-13 12:00 | x
on Mondays and Thursdays at 9 x | 0 9 * * 1,4 | Mon 11-30 09:00 | x
weekends at 10 x | 0 10 * * 0,6 | Sat 11-28 10:00 | x
every day at 9 and 17 x | 0 9,17 * * * | Fri 11-27 17:00 | x
every weekday at 9:30, 12:30 and 17:30 x | 30 9,12,17 * * 1-5 | Fri 11-27 12:30 | x
every day at 8 am and 8 pm x | 0 8,20 * * * | Fri 11-27 20:00 | x
every morning at 7 x | 0 7 * * * | Sat 11-28 07:00 | x
every Friday evening at 8 x | 0 20 * * 5 | Fri 11-27 20:00 | x
every day at 8 in the evening x | 0 20 * * * | Fri 11-27 20:00 | x
every evening at 18:30 x | 30 18 * * * | Fri 11-27 18:30 | x
tomorrow morning at 8 x | | Sat 11-28 08:00 | x
tomorrow evening 7pm x | | Sat 11-28 19:00 | x
tomorrow night at 10 x | | Sat 11-28 22:00 | x
tonight at 8 x | | Fri 11-27 20:00 | x
this evening at 8 x | | Fri 11-27 20:00 | x
in 3 days at 9 x | | Mon 11-30 09:00 | x
in an hour and a half x | | Fri 11-27 11:00 | x
in 2 hours morning briefing | | Fri 11-27 11:30 | morning briefing
every day at 9: 3 facts | 0 9 * * * | Sat 11-28 09:00 | 3 facts
every day at 9: at 10 I leave | 0 9 * * * | Sat 11-28 09:00 | at 10 I leave
every day at 9 today's weather | 0 9 * * * | Sat 11-28 09:00 | today's weather
at 8 x | | Sat 11-28 08:00 | x
Monday at 9 x | | Mon 11-30 09:00 | x
February 29 at 9 x | | Tue 02-29 09:00 | x
on December 24 at 6 pm x | | Thu 12-24 18:00 | x
2026-12-24 18:00 x | | Thu 12-24 18:00 | x
cron 0 9 * * 1-5 hi | 0 9 * * 1-5 | Mon 11-30 09:00 | hi
cron 0 9 * * *: 3 facts | 0 9 * * * | Sat 11-28 09:00 | 3 facts
cron 0 9 * * 1：3件事 | 0 9 * * 1 | Mon 11-30 09:00 | 3件事
`0 9 * * *` 3 facts | 0 9 * * * | Sat 11-28 09:00 | 3 facts
`*/15 * * * *` hi | */15 * * * * | Fri 11-27 09:45 | hi
每天早上9點 新聞 | 0 9 * * * | Sat 11-28 09:00 | 新聞
每天9点半说早安 | 30 9 * * * | Sat 11-28 09:30 | 说早安
每個工作日 9:00 /catchup | 0 9 * * 1-5 | Mon 11-30 09:00 | /catchup
每週一、三、五 8:30 x | 30 8 * * 1,3,5 | Mon 11-30 08:30 | x
每周一到周五下午三点 报告 | 0 15 * * 1,2,3,4,5 | Fri 11-27 15:00 | 报告
每週一到週三 9:00 x | 0 9 * * 1,2,3 | Mon 11-30 09:00 | x
周一至周五 9:00 x | 0 9 * * 1,2,3,4,5 | Mon 11-30 09:00 | x
每週一~週三、週六 9:00 x | 0 9 * * 1,2,3,6 | Sat 11-28 09:00 | x
每個月第一個星期一 9:00 x | 0 9 * * 1#1 | Mon 12-07 09:00 | x
每月最后一个周五下午4点 x | 0 16 * * 5L | Fri 11-27 16:00 | x
週一、三 8:30 x | 30 8 * * 1,3 | Mon 11-30 08:30 | x
週一、週三早上九點 x | 0 9 * * 1,3 | Mon 11-30 09:00 | x
周一三五上午十点 提醒我站会 | 0 10 * * 1,3,5 | Fri 11-27 10:00 | 提醒我站会
禮拜二和禮拜四下午三點 x | 0 15 * * 2,4 | Tue 12-01 15:00 | x
每周一三五上午十点提醒我 | 0 10 * * 1,3,5 | Fri 11-27 10:00 | 提醒我
每週三三明治 | 0 9 * * 3 | Wed 12-02 09:00 | 三明治
每週一一起吃飯 | 0 9 * * 1 | Mon 11-30 09:00 | 一起吃飯
每週五六點 x | 0 6 * * 5 | Fri 12-04 06:00 | x
週一，三人開會 | | Mon 11-30 09:00 | 三人開會
每週一三五 9:00 x | 0 9 * * 1,3,5 | Mon 11-30 09:00 | x
每週一 三件事 | 0 9 * * 1 | Mon 11-30 09:00 | 三件事
每周一天气 | 0 9 * * 1 | Mon 11-30 09:00 | 天气
每天9點和17點 x | 0 9,17 * * * | Fri 11-27 17:00 | x
每天早上9点和下午5点 x | 0 9,17 * * * | Fri 11-27 17:00 | x
每天下午三點半、五點半 x | 30 15,17 * * * | Fri 11-27 15:30 | x
每天9點 10個新聞 | 0 9 * * * | Sat 11-28 09:00 | 10個新聞
明天9點整理資料 | | Sat 11-28 09:00 | 整理資料
三天後早上九點 x | | Mon 11-30 09:00 | x
两周后下午三点 x | | Fri 12-11 15:00 | x
明天9點到公司開會 | | Sat 11-28 09:00 | 到公司開會
每天早上9點 早上好 | 0 9 * * * | Sat 11-28 09:00 | 早上好
每天9點：10點的會議 | 0 9 * * * | Sat 11-28 09:00 | 10點的會議
每月1號 x | 0 9 1 * * | Tue 12-01 09:00 | x
每个月最后一天晚上8点 总结 | 0 20 L * * | Mon 11-30 20:00 | 总结
每5小時 x | @300 1795743000 | Fri 11-27 14:30 | x
每隔兩天 x | 0 9 * * * 3d@2026-11-27 | Mon 11-30 09:00 | x
隔天早上八點 x | 0 8 * * * 2d@2026-11-27 | Sun 11-29 08:00 | x
每三天一次 喝水 | 0 9 * * * 3d@2026-11-27 | Mon 11-30 09:00 | 喝水
每2个星期 x | 0 9 * * 5 2w@2026-11-23 | Fri 12-11 09:00 | x
每兩週的週一、四 9:00 x | 0 9 * * 1,4 2w@2026-11-30 | Mon 11-30 09:00 | x
隔周五下午4点 x | 0 16 * * 5 2w@2026-11-23 | Fri 11-27 16:00 | x
每3個月 x | 0 9 27 * * 3m@2026-11-01 | Sat 02-27 09:00 | x
every 12 months on the 31st x | 0 9 31 * * 12m@2026-12-01 | Thu 12-31 09:00 | x
每兩個月1號 x | 0 9 1 * * 2m@2026-12-01 | Tue 12-01 09:00 | x
每2小時 x | 0 0-23/2 * * * | Fri 11-27 10:00 | x
2小時後提醒我 | | Fri 11-27 11:30 | 提醒我
半小时后提醒我 | | Fri 11-27 10:00 | 提醒我
in Ten minutes x | | Fri 11-27 09:40 | x
三十分鐘後 x | | Fri 11-27 10:00 | x
明天下午兩點半 開會 | | Sat 11-28 14:30 | 開會
下下週一 9點 開會 | | Mon 12-07 09:00 | 開會
下週一 9點 開會 | | Mon 11-30 09:00 | 開會
週五下午5點 x | | Fri 11-27 17:00 | x
今晚八點 x | | Fri 11-27 20:00 | x
2月29日 x | | Tue 02-29 09:00 | x
12月24日晚上6點 x | | Thu 12-24 18:00 | x
tonight at midnight x | | Sat 11-28 00:00 | x
tonight at 12 x | | Sat 11-28 00:00 | x
5 pm x | | Fri 11-27 17:00 | x
8.30am x | | Sat 11-28 08:30 | x
every year on 24 December at 9 cake | 0 9 24 12 * | Thu 12-24 09:00 | cake
yearly on May 1 x | 0 9 1 5 * | Sat 05-01 09:00 | x
every December 24 x | 0 9 24 12 * | Thu 12-24 09:00 | x
今晚12點提醒我睡覺 | | Sat 11-28 00:00 | 提醒我睡覺
今天半夜 x | | Sat 11-28 00:00 | x
週日晚上十二點 x | | Mon 11-30 00:00 | x
12月31日晚上12點 x | | Fri 01-01 00:00 | x
每週五晚上12點 x | 0 0 * * 6 | Sat 11-28 00:00 | x
平日早上9點 x | 0 9 * * 1-5 | Mon 11-30 09:00 | x
工作日9点 x | 0 9 * * 1-5 | Mon 11-30 09:00 | x
每年12月24日 蛋糕 | 0 9 24 12 * | Thu 12-24 09:00 | 蛋糕
""".strip().splitlines()
#: What is understood of a time, and what of the rest looks like more of it.
UNCLEAR = """
every Monday until Friday x | every Monday | until Friday
every Monday at 9-17 x | every Monday at 9 | -17
every 2 weeks Monday 9:00 x | every 2 weeks | Monday
every day at 9:00 and 17:30 x | every day at 9:00 | and 17:30
every day at 9 and 5 pm x | every day at 9 | and 5
every evening at 7 and 9 x | every evening at 7 | and 9
every day at 9, 17 x | every day at 9 | 17
every day from 9 to 17 x | every day | from 9
every day for 2 weeks x | every day | for 2 weeks
every 5 hours at 9 x | every 5 hours | at 9
every morning and evening x | every morning | and evening
monthly on the 1st and 15th x | monthly on the 1st | and 15th
at 9 tomorrow at 10 x | tomorrow at 10 | at 9
at 9 tomorrow and Friday x | tomorrow | and Friday
in 2 hours at noon x | in 2 hours | at noon
in two weeks on Monday x | in two weeks | on Monday
tomorrow after 5 pm x | tomorrow | after 5
cron 0 0 9 * * 1 x | cron 0 0 9 * * | 1
cron 0 0 9 ? * MON-FRI 2027 x | cron 0 0 9 ? * | MON-FRI 2027
cron 0 0 9 * * * * x | cron 0 0 9 * * | * *
`0 0 9 * * 1-5` x | 0 0 9 * * | 1-5
每天早上9點到下午5點每小時 x | 每天早上9點 | 到下午5點
每天9点和17点半 x | 每天9点 | 和17点半
每天早上和晚上 x | 每天早上 | 和晚上
下週一、三 8:30 x | 下週一 | 、三
每週一 三 五 9:00 x | 每週一 | 三
每月1號和15號 x | 每月1號 | 和15號
每天早晚提醒我吃藥 | 每天 | 早晚
every May 1 and June 1 x | every May 1 | and June 1
明天9點前 x | 明天9點 | 前
明天起每天9點 x | 明天 | 起每
每5小時早上9點 x | 每5小時 | 早上9點
九點每天 x | 九點 | 每天
""".strip().splitlines()
NO_PHRASES = (
    "next week's plan",
    "下週的計畫",
    *(
        "hello there",
        "every day at 25:00 x",
        "on the 32nd of each month x",
        "every 2 months on the 32nd x",
        "in a while x",
    ),
    *(
        "every year on 30 February x",
        "cron 0 0 30 2 * x",
        "cron 99 * * * * x",
        "每天25點 x",
        "13月1日 x",
        "on February 30 x",
        "February 29 2027 x",
        "what time is it at 9?",
    ),
    *("remind me to stretch", "remind me to look at noon for birds", "what is the weather tomorrow"),
    *(
        "tonight at 2 x",
        "every morning at 18:00 x",
        "今晚2點 x",
        "今晚半夜3點 x",
        "每月1號晚上12點 x",
        "tonight at 12pm x",
        "3 decisions x",
        "in and out x",
    ),
)

#: Plain messages that ask for a reminder, with its words; and messages that are for the model.
REMINDERS = """
remind me tomorrow at 9 | remind me
Remind me to call Bob tomorrow at 9. | call Bob
remind me to call Bob tomorrow at 9, please | call Bob
could you please remind me in 2 hours to call Bob? | call Bob
can you remind me to call Bob at noon? | call Bob
next Friday at noon remind me of lunch | lunch
set a reminder for tomorrow at 9 to call Bob | call Bob
every Monday at 9 remind us: is it done? | is it done?
remind me on Monday at 9 until Friday to stretch | unclear
today at 0:00 remind me of lunch | over
每週一早上九點提醒我開會 | 開會
你可以提醒我明天早上九點開會嗎？ | 開會
下週五中午提醒我吃飯 | 吃飯
过两小时提醒我喝水 | 喝水
每周一三五上午十点提醒大家站会 | 站会
""".strip().splitlines()
REMINDERS_AT_SOME_TIME = (
    "remind me later to call Bob",
    "please remind me to eat something later!",
    "remind me in a bit to stretch",
    "等一下提醒我吃藥",
    "提醒我晚點打電話",
    "请稍后提醒我喝水",
)
NO_REMINDERS = (
    "remind me later what we decided",
    "what do you remind me of later?",
    "later you reminded me of it",
    "remind me what we decided on Monday",
    "remind me of what we said on Friday",
    "Remind me, is the meeting tomorrow at 9?",
    "remind me of the rules of chess",
    "what is the weather tomorrow? remind me",
    "I asked you to remind me tomorrow at 9",
    "tomorrow at 9 say hi",
    "提醒我一下我們昨天說了什麼",
    "明天9點開會",
)


def test_reminders_in_plain_words() -> None:
    """A message that asks to be reminded at a time is one; a question about what was said is none."""
    for line in REMINDERS:
        typed, words = (part.strip() for part in line.split("|"))
        assert asks_for_reminder(typed), typed
        if words not in {"unclear", "over"}:
            found = read_when(typed, TAIPEI, START)
            assert found is not None
            assert read_reminder(event("e", prompt=found[1], command="chat")) == (
                "" if words == "remind me" else words
            ), typed
            assert is_without_words(found[1]) is (words == "remind me")
    assert [text for text in REMINDERS_AT_SOME_TIME if not asks_for_reminder(text)] == []
    assert [text for text in NO_REMINDERS if asks_for_reminder(text)] == []


@pytest.mark.parametrize("language", ["English", "Chinese"])
def test_phrases_are_read(language: str) -> None:
    """Each with its expression, its first time and the rest of the text."""
    for line in PHRASES:
        typed, cron, first, rest = (part.strip() for part in line.split("|"))
        if typed.isascii() is (language == "English"):
            found = read_when(typed, TAIPEI, START)
            assert found is not None, typed
            when, left = found
            shown = f"{when.first.astimezone(TAIPEI):%a %m-%d %H:%M}"
            assert (when.cron, shown, left) == (cron, first, rest), typed
            assert when.text in typed
            assert read_when(when.text, TAIPEI, START) == (when, ""), typed  # as it is read in another zone


def test_what_is_no_time_is_none() -> None:
    """Neither are hours, days and expressions that there are not; what is over, or uneven, is said to be."""
    assert [text for text in NO_PHRASES if read_when(text, TAIPEI, START) is not None] == []
    for text in ("today at 9 x", "2025-01-01 9:00 x", "今天9點 x", "2036-12-31 x"):
        with pytest.raises(TimeIsOver):
            read_when(text, TAIPEI, START)
    for text in ("every 0 hours x", "every 9999 hours x", "every 999 days x", "每0天 x", "remind me every 0 days to x"):
        with pytest.raises(WrongInterval):
            read_when(text, TAIPEI, START)


def test_what_follows_a_phrase_is_not_taken_for_the_request() -> None:
    """Where it looks like more of the time, what is understood is said, and what is not."""
    for line in UNCLEAR:
        typed, understood, rest = (part.strip() for part in line.split("|"))
        with pytest.raises(UnclearTime) as caught:
            read_when(typed, TAIPEI, START)
        assert caught.value.understood == understood, typed
        assert caught.value.rest.startswith(rest), typed


def test_summer_time() -> None:
    """A time that does not exist is the next that does, one that exists twice counts once; hours stay hours."""

    def local(cron: str, after: datetime, count: int) -> list[str]:
        times = islice(times_after(cron, BERLIN, after), count)
        return [f"{time.astimezone(BERLIN):%d %H:%M%z}" for time in times]

    spring, autumn = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert local("30 2 * * *", spring, 2) == ["29 03:00+0200", "30 02:30+0200"]
    assert local("30 2 * * *", autumn, 2) == ["25 02:30+0200", "26 02:30+0100"]
    assert local("0 * * * *", autumn + timedelta(hours=11, minutes=30), 3) == [
        *("25 02:00+0200", "25 02:00+0100", "25 03:00+0100")
    ]
    even = "0 0-23/2 * * *"
    assert local(even, spring + timedelta(hours=10), 4) == [
        *("29 00:00+0100", "29 03:00+0200", "29 04:00+0200", "29 06:00+0200")
    ]
    assert local(even, autumn + timedelta(hours=9), 3) == ["25 00:00+0200", "25 02:00+0200", "25 04:00+0100"]
    assert local("30 2 * * * 2d@2026-03-27", spring, 2) == ["29 03:00+0200", "31 02:30+0200"]
    assert local("0 9 * * 0 2w@2026-10-05", autumn, 2) == ["25 09:00+0100", "08 09:00+0100"]
    assert local(f"@2880 {int(autumn.timestamp())}", autumn, 2) == ["26 13:00+0100", "28 13:00+0100"]
    in_the_second = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
    assert next_time("30 2 * * *", BERLIN, in_the_second) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert last_time("30 2 * * *", BERLIN, first, in_the_second) == first
    later = in_the_second + timedelta(days=5)
    assert last_time("30 2 * * * 2d@2026-10-25", BERLIN, first, later) == datetime(2026, 10, 29, 1, 30, tzinfo=UTC)
    assert last_time("@2880 1792888200", BERLIN, first, later) == first + timedelta(days=4)
    assert last_time(even, BERLIN, first - timedelta(hours=2, minutes=30), in_the_second) == first - timedelta(
        minutes=30
    )
    assert to_utc(datetime(2026, 3, 29, 2, 30), BERLIN, spring) == datetime(2026, 3, 29, 1, tzinfo=UTC)  # noqa: DTZ001
    assert to_utc(datetime(2026, 10, 25, 2, 30), BERLIN, autumn) == first  # noqa: DTZ001
    for typed in ("at 2:30", "today at 2:30", "今天2點半"):  # the first is over
        found = read_when(typed, BERLIN, in_the_second)
        assert found is not None
        assert found[0].first == first + timedelta(hours=1), typed
    with pytest.raises(TimeIsOver):
        read_when("today at 2:00", BERLIN, in_the_second)


def test_the_shortest_interval_of_an_expression_is_found() -> None:
    """The shortest interval is found wherever it is; what is too long, or has no time, is no expression."""
    assert shortest_interval("0,1 9 1 1 *", BERLIN, START) == timedelta(minutes=1)
    assert shortest_interval("0 9 * * 1-5", BERLIN, START) == timedelta(days=1)
    assert shortest_interval("@20 1795743000", BERLIN, START) == timedelta(minutes=20)
    for wrong in ("0 0 31 2 *", "* * * *", "* * * * * *", "0 9 * * 1-5,".ljust(300, "1"), "9" * 5000 + " * * * *"):
        with pytest.raises(WrongExpression):
            next_time(wrong, BERLIN, START)
