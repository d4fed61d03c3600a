"""The sandbox's sentences, in English and both Chinese scripts, and the choice between them."""

import re
from collections.abc import Sequence
from typing import Literal

Tongue = Literal["en", "zh-Hant", "zh-Hans"]

_HANT = set(
    "們這個來說時會對學國過還沒麼關點後開裡樣無實現問題應該記電話語譯畫圖寫聽讀錢買賣車長東嗎誰讓請謝總結歡幫繁體經進為與從並將給愛見"
)
_HANS = (
    set(
        "们这个来说时会对学国过还没么关点后开里样无实现问题应该记电话语译画图写听读钱买卖车长东吗谁让请谢总结欢帮简体经进为与从并将给爱见"
    )
    - _HANT
)
_CHINESE = re.compile(r"[\u3400-\u9fff]")

_ORDERS: tuple[tuple[Tongue, re.Pattern[str]], ...] = (
    ("zh-Hant", re.compile(r"(?i)(?:in|use|speak) traditional chinese|繁體中文|用繁體|正體中文")),
    ("zh-Hans", re.compile(r"(?i)(?:in|use|speak) simplified chinese|简体中文|簡體中文|用简体")),
    ("zh-Hant", re.compile(r"(?i)(?:answer|reply|respond|speak|write)[^.]*\bin chinese|用中文")),
    ("en", re.compile(r"(?i)(?:answer|reply|respond|speak|write)[^.]*\bin english|用英文|用英語|用英语")),
)

SENTENCES: dict[str, dict[Tongue, str]] = {
    "hello": {
        "en": "Hello{name}! This is the offline sandbox: rules, no language model. Try “my name is "
        "Ada”, then “what is my "
        "name?”, “12 * 7.5”, “how many days until Christmas?”, “10 km in miles” or “what did we talk about?”.",
        "zh-Hant": "你好{name}！這裡是離線沙盒：只有規則，沒有語言模型。"
        "可以試試「我叫小明」再問「我叫什麼？」、「12 * 7.5」、"
        "「距離聖誕節還有幾天？」、「10 公里是多少英里」或「我們聊了什麼？」。",
        "zh-Hans": "你好{name}！这里是离线沙盒：只有规则，没有语言模型。"
        "可以试试“我叫小明”再问“我叫什么？”、“12 * 7.5”、"
        "“距离圣诞节还有几天？”、“10 公里是多少英里”或“我们聊了什么？”。",
    },
    "again": {
        "en": "Hello again{name}! What can I do for you?",
        "zh-Hant": "又見面了{name}！有什麼我可以幫忙的嗎？",
        "zh-Hans": "又见面了{name}！有什么我可以帮忙的吗？",
    },
    "thanks": {"en": "You're welcome!", "zh-Hant": "不客氣！", "zh-Hans": "不客气！"},
    "bye": {"en": "Goodbye{name}!", "zh-Hant": "再見{name}！", "zh-Hans": "再见{name}！"},
    "met": {
        "en": "Nice to meet you, {name}. I'll remember that in this conversation.",
        "zh-Hant": "很高興認識你，{name}。我會在這次對話裡記住。",
        "zh-Hans": "很高兴认识你，{name}。我会在这次对话里记住。",
    },
    "noted": {"en": "Noted: {fact}", "zh-Hant": "記住了：{fact}", "zh-Hans": "记住了：{fact}"},
    "name": {
        "en": "Your name is {name}.",
        "zh-Hant": "你叫{name}。",
        "zh-Hans": "你叫{name}。",
    },
    "nameless": {
        "en": "You haven't told me your name in this conversation.",
        "zh-Hant": "你還沒有在這次對話裡告訴我你的名字。",
        "zh-Hans": "你还没有在这次对话里告诉我你的名字。",
    },
    "told": {
        "en": "You told me: “{fact}”",
        "zh-Hant": "你告訴過我：「{fact}」",
        "zh-Hans": "你告诉过我：“{fact}”",
    },
    "said": {"en": "{who} said: “{fact}”", "zh-Hant": "{who} 說過：「{fact}」", "zh-Hans": "{who} 说过：“{fact}”"},
    "picture": {
        "en": "The last one made here: {what}. I can't change it, but a new /image prompt with what you "
        "want different will.",
        "zh-Hant": "這裡最後做的是：{what}。我不能改它，但可以用新的 /image 提示寫上想要的不同之處。",
        "zh-Hans": "这里最后做的是：{what}。我不能改它，但可以用新的 /image 提示写上想要的不同之处。",
    },
    "recap": {
        "en": "So far in this conversation:",
        "zh-Hant": "這次對話到目前為止：",
        "zh-Hans": "这次对话到目前为止：",
    },
    "summary": {"en": "In short:", "zh-Hant": "摘要：", "zh-Hans": "摘要："},
    "empty": {
        "en": "Nothing yet: this is the first message I see of this conversation.",
        "zh-Hant": "還沒有：這是我在這次對話裡看到的第一則訊息。",
        "zh-Hans": "还没有：这是我在这次对话里看到的第一条消息。",
    },
    "zero": {"en": "That divides by zero.", "zh-Hant": "不能除以零。", "zh-Hans": "不能除以零。"},
    "big": {
        "en": "That is too big for the sandbox to work out.",
        "zh-Hant": "數字太大，沙盒算不出來。",
        "zh-Hans": "数字太大，沙盒算不出来。",
    },
    "lost": {
        "en": "I'm the offline sandbox, without a language model, so I can't answer that. To connect a real API, set "
        "AIMODELS_API_KEY. What I can do: remember what you tell me, recap, sums, dates and units.",
        "zh-Hant": "我是離線沙盒，沒有語言模型，所以無法回答。要連接真正的 API，請設定 AIMODELS_API_KEY。"
        "我能做的：記住你告訴我的事、回顧對話、算術、日期和單位換算。",
        "zh-Hans": "我是离线沙盒，没有语言模型，所以无法回答。要连接真正的 API，请设置 AIMODELS_API_KEY。"
        "我能做的：记住你告诉我的事、回顾对话、算术、日期和单位换算。",
    },
    "lost_again": {
        "en": "That also needs a real model (AIMODELS_API_KEY).",
        "zh-Hant": "這個也需要真正的模型（AIMODELS_API_KEY）。",
        "zh-Hans": "这个也需要真正的模型（AIMODELS_API_KEY）。",
    },
    "context": {
        "en": " I do have the {count} earlier messages of this conversation: ask “what did we talk about?”.",
        "zh-Hant": "這次對話先前的 {count} 則訊息我都有：可以問「我們聊了什麼？」。",
        "zh-Hans": "这次对话先前的 {count} 条消息我都有：可以问“我们聊了什么？”。",
    },
}


def is_chinese(text: str) -> bool:
    """Whether the text is mostly Chinese."""
    return len(_CHINESE.findall(text)) * 2 >= len(re.findall(r"[A-Za-z]+", text)) and bool(_CHINESE.search(text))


def tongue_of(system: str, texts: Sequence[str]) -> Tongue:
    """The language to answer in: as the system prompt orders, else that of the newest message that shows one."""
    for tongue, order in _ORDERS:
        if order.search(system):
            return tongue
    if not texts or not is_chinese(texts[-1]):
        return "en"
    for text in reversed(texts):
        hant, hans = sum(c in _HANT - _HANS for c in text), sum(c in _HANS for c in text)
        if hant != hans:
            return "zh-Hant" if hant > hans else "zh-Hans"
    return "zh-Hant"


def say(key: str, tongue: Tongue, **values: object) -> str:
    """Format one of `SENTENCES`."""
    return SENTENCES[key][tongue].format(**values)
