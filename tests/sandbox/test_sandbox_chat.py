"""Chat by rules."""

import re
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.chat.reply import reply
from sandbox.media.prompt_words import words_shown

CATALOGUES = Path(__file__).parents[2] / "bot" / "i18n" / "locales"
NOW = datetime(2024, 1, 15, 14, 5, tzinfo=UTC)  # a Monday


def after(*told: str, system: str = "") -> str:
    """The answer to the last of several messages of people, the earlier ones answered as well."""
    said: list[tuple[str, str]] = [("system", system)] if system else []
    answer = ""
    for text in told:
        said.append(("user", text))
        answer = reply(said, NOW)
        said.append(("assistant", answer))
    return answer


def test_the_first_hello_is_greeted_with_what_can_be_tried() -> None:
    """A greeting says what this is; a later one is short."""
    assert "sandbox" in after("hello")
    assert "what did we talk about" in after("hello")
    assert "沙盒" in after("你好")
    assert len(after("hello", "hello")) < 60


@pytest.mark.parametrize(
    ("told", "word"),
    [
        (["my name is Ada", "what's my name?"], "Ada"),
        (["I'm Grace.", "who am I?"], "Grace"),
        (["remember that the deploy is on Friday", "when is the deploy?"], "Friday"),
        (["we use Postgres", "hello", "which database do we use?"], "Postgres"),
        (["My favourite colour is teal. What is 6 * 7?", "what's my favourite colour?"], "teal"),
        (["the budget is 500", "the budget is 700", "what is the budget?"], "700"),
        (["我叫小明", "我叫什麼？"], "小明"),
        (["我叫小红", "我叫什么？"], "小红"),
        (["記住：部署在星期五", "部署是什麼時候？"], "星期五"),
        (["Bob: the budget is 500 euros", "Ada: what's the budget?"], "Bob said"),
        (["Ada: hello", "Ada: who am I?"], "Ada"),
        (["[image: a red fox]", "what picture did you draw?"], "a red fox"),
    ],
)
def test_what_was_told_is_remembered(told: Sequence[str], word: str) -> None:
    """A question about something said earlier in the conversation is answered from it."""
    assert word in after(*told)


def test_several_speakers_are_not_confused() -> None:
    """Everybody's name is their own."""
    assert "Ada" in after("U1: my name is Ada", "U2: my name is Bob", "U1: what is my name?")


def test_nothing_is_made_up() -> None:
    """What nobody told is not known."""
    assert "haven't" in after("what's my name?")
    assert "AIMODELS_API_KEY" in after("the sky is blue", "when is the deploy?")


def test_the_recap_has_what_was_said() -> None:
    """A recap lists people's messages with their names, and a folded summary still answers questions."""
    recap = after("Ada: the deploy is on Friday", "Bob: we use Postgres", "Ada: what did we talk about?")
    assert "- Ada: the deploy is on Friday" in recap
    assert "- Bob: we use Postgres" in recap
    folded = f"Summary of what was said earlier in this conversation:\n{recap}"
    assert "Postgres" in after("Ada: which database do we use?", system=folded)


def test_a_request_to_summarise_the_conversation_is_a_recap() -> None:
    """The words by which older turns are folded lead to a summary that keeps the facts."""
    summary = after("Ada: the deploy is on Friday", "Summarise our conversation so far for your own later use.")
    assert "- Ada: the deploy is on Friday" in summary


@pytest.mark.parametrize("locale", ["en", "zh-Hant", "zh-Hans"])
def test_the_shortcuts_order_summarises_the_thread(locale: str) -> None:
    """The order of "Summarise thread" is answered with what was said in the thread, and none of its own words."""
    order = tomllib.loads((CATALOGUES / f"{locale}.toml").read_text(encoding="utf-8"))["menu.ask.summarise"]
    summary = after("Ada: we ship on Friday", "Bob: the review is open", order)
    assert "we ship on Friday" in summary
    assert "the review is open" in summary
    assert re.split("[:：]", order)[1].strip(" .。") not in summary


def test_a_system_prompt_can_ask_for_a_summary() -> None:
    """An extractive summary is made of the text's own sentences, fewer of them."""
    text = (
        "The meeting started at nine. Ada presented the budget of 500 euros. Lunch was nice. "
        "The budget was approved by the board. Someone spilled coffee."
    )
    summary = after(text, system="Summarise the following text.")
    assert all(line.removeprefix("- ") in text for line in summary.splitlines())
    assert 1 <= len(summary.splitlines()) <= 3
    assert "500 euros" in summary


@pytest.mark.parametrize("order", ["summarise", "请总结"])
def test_an_address_is_no_text_to_summarise(order: str) -> None:
    """The rest of an address after its colon is not summarised; the text of the page that was read is."""
    text = "The fox lives in woods. It eats mice. Foxes are red and clever. Many foxes live in towns now."
    page = f"`https://example.org/`:\n```html\n{text}\n```"
    summary = after(f"{order} https://example.org/\n\n{page}")
    assert all(line.removeprefix("- ") in text for line in summary.splitlines())
    unread = "[https://example.org/ could not be fetched, so it was not read.]"
    assert unread not in after(f"{order} https://example.org/\n\n{unread}")


def test_an_attached_file_is_summarised_without_its_frame() -> None:
    """The sentences are the file's own; neither its name nor its fence is among them."""
    file = "`notes.txt`:\n```txt\nThe meeting is on Friday at 10.\nBring the red folder for the meeting.\n```"
    summary = after(f"summarise this\n\n{file}")
    assert summary
    assert set(summary.splitlines()) <= {
        "- The meeting is on Friday at 10.",
        "- Bring the red folder for the meeting.",
    }


@pytest.mark.parametrize(
    ("asked", "result"),
    [
        ("what is 12 * 7.5?", "= 90"),
        ("0.1 + 0.2", "= 0.3"),
        ("2^10", "= 1024"),
        ("15% of 80", "= 12"),
        ("(2 + 3) * 4 =", "= 20"),
        ("what is 7 divided by 2?", "= 3.5"),
        ("12 乘以 3 等於多少", "= 36"),
        ("1,000 + 1", "= 1001"),
        ("1/0", "divides by zero"),
        ("9**9**9", "too big"),
        ("10 km in miles", "6.2137"),
        ("100 f in c", "37.77"),
        ("10 公里是多少英里", "6.2137"),
        ("what day is it today?", "Monday, 2024-01-15"),
        ("how many days until 2024-02-01?", "17 days"),
        ("how many days until Christmas?", "345 days"),
        ("what day of the week was 2000-01-01?", "Saturday"),
        ("今天星期幾？", "星期一"),
        ("還有幾天到 2024-02-01？", "17"),
    ],
)
def test_sums_units_and_dates_are_right(asked: str, result: str) -> None:
    """What can be computed is computed, within bounds."""
    assert result in after(asked)


@pytest.mark.parametrize("asked", ["call 555-1234 now", "version 1.2.3 is out", "__import__('os').system('x') + 1"])
def test_not_every_number_is_a_sum(asked: str) -> None:
    """Telephone numbers, versions and code are left alone."""
    assert " = " not in after(asked)


def test_the_answer_is_in_the_language_and_script_of_the_question() -> None:
    """Traditional, Simplified and English are told apart, and a system prompt that orders a language is obeyed."""
    assert "沒有語言模型" in after("請問這個世界的歷史有多長？")
    assert "没有语言模型" in after("请问这个世界的历史有多长？")
    assert "no language model" in after("hello", system="Answer in the language you are asked in.")
    assert "沙盒" in after("hello", system="Please answer in Chinese.")
    assert "沙盒" not in after("你好", system="Always reply in English.")


def test_the_refusal_is_honest_and_not_annoying() -> None:
    """It says once how to connect a real API, then keeps it short."""
    first, second = after("explain monads"), after("explain monads", "explain lenses")
    assert "AIMODELS_API_KEY" in first
    assert "without a language model" in first
    assert len(second) < len(first)
    assert "語言模型" in after("你好,請介紹一下人工智能。")


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ("can you make pictures?", "`/image a red fox in snow`"),
        ("draw me a cat", "`/image a cat`"),
        ("could you please draw a house by the sea?", "`/image a house by the sea`"),
        ("make a picture of two dogs", "`/image two dogs`"),
        ("can you generate music?", "`/audio "),
        ("make a video of a rocket launch", "`/video a rocket launch`"),
        ("write a function that reverses a list", "`/code reverses a list`"),
        ("畫一隻貓", "`/image 貓`"),
        ("你會畫圖嗎？", "`/image "),
        ("可以幫我做一段海浪的影片嗎", "`/video 海浪`"),
        ("what can you do?", "/image"),
        ("你會做什麼？", "/image"),
        ("what time is it?", "14:05 UTC"),
        ("現在幾點？", "14:05"),
        ("which planet is the largest?", "/image"),
    ],
)
def test_a_first_question_leads_to_what_can_be_made(asked: str, word: str) -> None:
    """Requests for pictures, sound, video or code name the command to type; so do questions about what it can do."""
    assert word in after(asked)


_FIRST_QUESTIONS = (
    "hi", "help", "what can you do?", "how do I start?", "what commands are there?", "can you help me?",
    "who made you?", "are you ChatGPT?", "is this free?", "can you make pictures?", "draw me a cat",
    "I need a logo for my coffee shop", "can you make a birthday card for my mum?", "draw a map of an island",
    "make an animation of a rocket launch", "how do I make a video?", "make a video of it",
    "can I upload a picture?", "play some music", "make a song about rain", "can you write code?",
    "show me something cool", "tell me a joke", "what is the weather today?", "你好", "你會做什麼？",
    "could you make a gif of a cat?", "做一個貓的動圖",
    "怎麼開始？", "怎么用？", "有哪些指令？", "你能帮我吗？", "你是誰做的？", "這要錢嗎？", "可以畫圖嗎？",
    "畫一隻貓", "我需要一個咖啡店的標誌", "幫我做一張生日卡", "畫一張島的地圖", "幫我畫個國旗",
    "做一個火箭發射的動畫", "怎麼做影片？", "把它做成影片", "我可以上傳圖片嗎？", "放點音樂",
    "做一首關於雨的歌", "會寫程式嗎？", "寫一個反轉字串的函式", "來點好玩的", "講個笑話",
)  # fmt: skip


@pytest.mark.parametrize("asked", _FIRST_QUESTIONS)
def test_whatever_is_asked_first_leads_to_something_that_can_be_made(asked: str) -> None:
    """The answer names a command; what it says to type after `/image` or `/video` is something that can be shown."""
    answer = after(asked)
    commands = re.findall(r"`/(image|video|audio|code)\b ?([^`]*)`", answer)
    assert commands, answer
    for kind, prompt in commands:
        if kind in {"image", "video"} and prompt:
            assert words_shown(prompt), (asked, prompt)


@pytest.mark.parametrize(
    ("asked", "typed"),
    [
        ("I need a logo for my coffee shop", "`/image a logo for my coffee shop`"),
        ("幫我做一張生日卡", "`/image 生日卡`"),
        ("寫一個反轉字串的函式", "`/code 反轉字串`"),
        ("做一個火箭發射的動畫", "`/video 火箭發射`"),
    ],
)
def test_what_is_wished_for_stays_whole(asked: str, typed: str) -> None:
    """A logo for a shop is no picture of a shop."""
    assert typed in after(asked)


def test_what_was_missed_and_what_a_file_says() -> None:
    """A channel is caught up with by a command; of a file the sandbox says what stands in it."""
    for asked in ("what did I miss?", "summarise this channel", "我錯過了什麼？", "总结一下这个频道"):
        assert "`/catchup`" in after(asked)
    for asked in ("what is in ?", "what does this file say?", "這個檔案的內容是什麼？"):
        assert after(f"{asked}\n\n`prices.xlsx`:\n```\nitem,price\nink,3.5\n```").endswith("- ink,3.5")
    assert "= 4" in after("what is 2 + 2?\n\n`prices.xlsx`:\n```\nink,3.5\n```")


def test_a_change_of_the_last_picture_is_a_command_to_type() -> None:
    """Size and length are no part of what it says of the picture."""
    answer = after("[image: a red fox, blue, 1024x1024]", "please make it darker")
    assert answer == "Type `/edit darker`, and I'll make “a red fox, blue” with that change."
    assert "/edit" not in after("[image: a red fox, blue, 1024x1024]", "make that a haiku")
    assert "`/edit 暗一點`" in after("[image: 紅狐狸, 1024x1024]", "把它弄暗一點")
    assert "`/video a red fox --last yes`" in after("[image: a red fox, 1024x1024]", "make a video of it")


@pytest.mark.parametrize(
    "told", ["I drew a picture yesterday", "we need music for the video", "remember to draw a map"]
)
def test_talk_of_pictures_is_no_request_for_one(told: str) -> None:
    """A statement stays a statement."""
    assert after(told).startswith("Noted")


def test_a_film_of_the_last_picture_names_the_option() -> None:
    """The command takes the last picture, so the chat says how."""
    assert "`/video a red fox --last yes`" in after("[image: a red fox]", "make a video of it")


def test_a_greeting_with_a_question_is_answered_once() -> None:
    """Hello and "who are you" get one sentence of welcome."""
    assert after("你好", "你好，你是誰？").count("你好") == 1
    assert "又見面了" not in after("你好", "你好，你是誰？")


def test_endless_sentences_cost_nothing() -> None:
    """Patterns that take the square of a sentence's length are kept from long ones."""
    assert " = 4" in after("words " * 50 + "what is 2 + 2?")
    assert " = 4" not in after("words " * 100 + "what is 2 + 2?")
    for endless in ("1" * 50_000, "tell me what time is " * 4_000):
        assert "without a language model" in after(endless)


def test_a_rewritten_prompt_has_the_change_without_the_words_that_ask_for_it() -> None:
    """In English and Chinese."""
    system = "You rewrite prompts"
    assert after("Prompt: a fox\nChange: again, but at night", system=system) == "a fox, at night"
    assert after("Prompt: 狐狸\nChange: 再來一次，但是白天", system=system) == "狐狸, 白天"
