"""Plain sentences that ask what the service can do."""

from bot.commandline.help_words import asks_for_help

ABILITY = """
what can you do?
What can you do for me?
hi, what can you do
Hello! What else can you do here?
what can I ask you?
What can I ask you to do?
what can this bot do
what are you capable of?
what are your commands?
which commands are there?
how can you help me?
what can you help me with?
how do I use this bot?
how do you work?
what do you do?
你會什麼？
你能做什麼
你可以做什麼？
你可以幫我做什麼？
請問你能幫我什麼忙？
你會做哪些事？
你有什麼功能？
有哪些指令？
我可以問你什麼？
我能讓你做什麼
怎麼用你？
你好，你会做什么呢？
你能帮我做什么？
你有哪些功能
我可以问你什么？
怎么使用你？
"""
IDENTITY = """
who are you?
Hey, who are you
what are you?
introduce yourself
你是誰？
您是谁
請介紹一下你自己
自我介绍一下
"""
OTHERS = """
what can you do about the noise in this room?
what can you do with a broken bike?
can you do that again?
what can I ask the doctor?
what can we do?
what can I do for you?
who are you talking to?
what are you doing?
how do you work out a square root?
how do I use this?
what do you do when it rains?
what do you think?
who is this song by?
`what can you do?`
tell me about yourself and your favourite colour
what commands are there in vim?
你會什麼語言？
你能做什麼樣的圖？
你覺得誰會贏？
我可以做什麼？
你是誰的朋友
介紹
介紹一下台北
他會什麼？
你會做蛋糕嗎？
你可以幫我做一張海報嗎？
你好
怎麼用 Python 排序？
"""


def test_sentences_that_ask_what_the_service_can_do() -> None:
    """Whole sentences only; who it is, is for the model to say where a system prompt may have told it."""
    for text in ABILITY.strip().splitlines():
        assert asks_for_help(text, is_named=True), text
    for text in IDENTITY.strip().splitlines():
        assert asks_for_help(text, is_named=False), text
        assert not asks_for_help(text, is_named=True), text
    assert [text for text in OTHERS.strip().splitlines() if asks_for_help(text, is_named=False)] == []
