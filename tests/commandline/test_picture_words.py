"""Plain sentences that ask for a picture are told from those that do not."""

import pytest

from bot.commandline.picture_words import read_picture_request


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("draw a red fox in the snow", "a red fox in the snow"),
        ("Can you draw me a castle?", "a castle"),
        ("hi, could you please make a picture of a dog?", "a dog"),
        ("create an anime picture of two cats, please", "two cats, anime"),
        ("I'd like a painting of the sea!", "the sea"),
        ("畫一隻貓", "一隻貓"),
        ("請幫我生成一張狐狸在雪地裡的圖片", "狐狸在雪地裡"),
        ("可以画一座城堡吗？", "一座城堡"),
    ],
)
def test_a_picture_is_asked_for(text: str, what: str) -> None:
    """The description is what is left of the sentence."""
    assert read_picture_request(text) == what


@pytest.mark.parametrize(
    "text",
    [
        *("draw a conclusion from that", "draw a line", "draw a flowchart of the login", "draw an ascii cat"),
        *("draw a picture of this", "make a picture of my cat", "draw it darker", "draw me like one of them"),
        *("who drew a picture of a fox?", "is a picture of a fox art?", "draw a fox?", "draw a fox\nand explain it"),
        *("create a docker image with nginx", "give me a clear picture of the market"),
        *("I want a picture of how we sell", "做一張銷售圖", "畫一張關係圖"),
        *("畫一張流程圖", "畫重點", "畫一張這個的圖", "畫家是誰", "做一張表"),
    ],
)
def test_other_sentences_are_for_the_chat(text: str) -> None:
    """Work in words and lines, what the conversation alone explains, and questions."""
    assert read_picture_request(text) == ""
