"""The sandbox's sentences, in English and both Chinese scripts, and the choice between them."""

import re
from collections.abc import Sequence
from typing import Literal

Language = Literal["en", "zh-Hant", "zh-Hans"]

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

_ORDERS: tuple[tuple[Language, re.Pattern[str]], ...] = (
    ("zh-Hant", re.compile(r"(?i)(?:in|use|speak) traditional chinese|繁體中文|用繁體|正體中文")),
    ("zh-Hans", re.compile(r"(?i)(?:in|use|speak) simplified chinese|简体中文|簡體中文|用简体")),
    ("zh-Hant", re.compile(r"(?i)(?:answer|reply|respond|speak|write)[^.]*\bin chinese|用中文")),
    ("en", re.compile(r"(?i)(?:answer|reply|respond|speak|write)[^.]*\bin english|用英文|用英語|用英语")),
)

SENTENCES: dict[str, dict[Language, str]] = {
    "hello": {
        "en": "Hello{name}! This is the offline sandbox: rules, no language model. It does make things: type "
        "`/image a red fox in snow`, `/video a boat at sunset`, `/audio rain and thunder` or `/code fibonacci`. "
        "Or tell me something and ask for it later: “my name is Ada”, then “what is my name?”. I also do sums, dates "
        "and units (“10 km in miles”), and recap (“what did we talk about?”). `/help` lists every command.",
        "zh-Hant": "你好{name}！這裡是離線沙盒：只有規則，沒有語言模型，但真的能做東西：輸入 `/image 雪地裡的紅狐狸`、"
        "`/video 夕陽下的帆船`、`/audio 雨聲和雷聲` 或 `/code fibonacci`。也可以先說「我叫小明」再問「我叫什麼？」，"
        "或問算術、日期、單位（「10 公里是多少英里」）和「我們聊了什麼？」。`/help` 列出所有指令。",
        "zh-Hans": "你好{name}！这里是离线沙盒：只有规则，没有语言模型，但真的能做东西：输入 `/image 雪地里的红狐狸`、"
        "`/video 夕阳下的帆船`、`/audio 雨声和雷声` 或 `/code fibonacci`。也可以先说“我叫小明”再问“我叫什么？”，"
        "或问算术、日期、单位（“10 公里是多少英里”）和“我们聊了什么？”。`/help` 列出所有命令。",
    },
    "again": {
        "en": "Hello again{name}! What can I do for you?",
        "zh-Hant": "又見面了{name}！有什麼我可以幫忙的嗎？",
        "zh-Hans": "又见面了{name}！有什么我可以帮忙的吗？",
    },
    "time": {
        "en": "It is {time} UTC on {date}.",
        "zh-Hant": "現在是 UTC {date} {time}。",
        "zh-Hans": "现在是 UTC {date} {time}。",
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
        "en": "The last one made here: {what}. Type `/{kind} {what}, …` with what you want different, and I'll make "
        "another.",
        "zh-Hant": "這裡最後做的是：{what}。輸入 `/{kind} {what}，…` 並寫上想要的不同之處，我就再做一個。",
        "zh-Hans": "这里最后做的是：{what}。输入 `/{kind} {what}，…` 并写上想要的不同之处，我就再做一个。",
    },
    "change": {
        "en": "Type `/edit {how}`, and I'll make “{what}” with that change.",
        "zh-Hant": "輸入 `/edit {how}`，我就照這個修改重做「{what}」。",
        "zh-Hans": "输入 `/edit {how}`，我就照这个修改重做“{what}”。",
    },
    "upload": {
        "en": "Yes. Give a picture to `/video` as its option image, and the video starts from it. Attach a text, "
        "PDF, Word, Excel or PowerPoint file to a question, and I sum up what it says.",
        "zh-Hant": "可以。把圖片給 `/video` 的選項 image，影片就從它開始。"
        "提問時附上文字檔、PDF、Word、Excel 或 PowerPoint 檔，我會摘要內容。",
        "zh-Hans": "可以。把图片给 `/video` 的选项 image，视频就从它开始。"
        "提问时附上文本文件、PDF、Word、Excel 或 PowerPoint 文件，我会摘要内容。",
    },
    "missed": {
        "en": "Type `/catchup` in a channel, and I say what was said there while you were away: decisions, open "
        "questions, who does what.",
        "zh-Hant": "在頻道裡輸入 `/catchup`，我就說明你不在時那裡說了什麼：決定、待解的問題、誰做什麼。",
        "zh-Hans": "在频道里输入 `/catchup`，我就说明你不在时那里说了什么：决定、待解的问题、谁做什么。",
    },
    "cost": {
        "en": "The sandbox costs nothing: it runs on the machine of this service. Try `/image a red fox in snow`. "
        "With a real API, `/usage` shows what was spent.",
        "zh-Hant": "沙盒不收費：它就在這個服務的機器上執行。試試 `/image 雪地裡的紅狐狸`。接上真正的 API 後，"
        "`/usage` 會顯示花費。",
        "zh-Hans": "沙盒不收费：它就在这个服务的机器上运行。试试 `/image 雪地里的红狐狸`。接上真正的 API 后，"
        "`/usage` 会显示花费。",
    },
    "make": {
        "en": "Type `/{kind} {what}` and I'll make it.",
        "zh-Hant": "輸入 `/{kind} {what}`，我就做給你。",
        "zh-Hans": "输入 `/{kind} {what}`，我就做给你。",
    },
    "make_what": {
        "en": "Yes, from a description. Type for example `/{kind} {what}` and I'll make it.",
        "zh-Hant": "可以，說明想要什麼就行。例如輸入 `/{kind} {what}`，我就做給你。",
        "zh-Hans": "可以，说明想要什么就行。例如输入 `/{kind} {what}`，我就做给你。",
    },
    "image": {"en": "a red fox in snow", "zh-Hant": "雪地裡的紅狐狸", "zh-Hans": "雪地里的红狐狸"},
    "audio": {"en": "rain and thunder", "zh-Hant": "雨聲和雷聲", "zh-Hans": "雨声和雷声"},
    "video": {"en": "a boat at sunset", "zh-Hant": "夕陽下的帆船", "zh-Hans": "夕阳下的帆船"},
    "code": {"en": "fibonacci", "zh-Hant": "fibonacci", "zh-Hans": "fibonacci"},
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
        "AIMODELS_API_KEY. What I can do: pictures, sound, video and code (try `/image a red fox in snow`, or "
        "`/audio`, `/video`, `/code`), remember what you tell me, recap, sums, dates and units.",
        "zh-Hant": "我是離線沙盒，沒有語言模型，所以無法回答。要連接真正的 API，請設定 AIMODELS_API_KEY。"
        "我能做的：圖片、聲音、影片和程式碼（試試 `/image 雪地裡的紅狐狸`，或 `/audio`、`/video`、`/code`）、"
        "記住你告訴我的事、回顧對話、算術、日期和單位換算。",
        "zh-Hans": "我是离线沙盒，没有语言模型，所以无法回答。要连接真正的 API，请设置 AIMODELS_API_KEY。"
        "我能做的：图片、声音、视频和代码（试试 `/image 雪地里的红狐狸`，或 `/audio`、`/video`、`/code`）、"
        "记住你告诉我的事、回顾对话、算术、日期和单位换算。",
    },
    "lost_again": {
        "en": "That also needs a real model (AIMODELS_API_KEY). `/image a boat at sunset` works.",
        "zh-Hant": "這個也需要真正的模型（AIMODELS_API_KEY）。`/image 夕陽下的帆船` 可以用。",
        "zh-Hans": "这个也需要真正的模型（AIMODELS_API_KEY）。`/image 夕阳下的帆船` 可以用。",
    },
    "voice": {
        "en": "Your voice message has arrived. The sandbox does not understand speech; with a real API, which "
        "AIMODELS_API_KEY connects, its words are transcribed and answered. What I have read aloud myself I do know "
        "again: press **Read aloud** under an answer, and send me that sound.",
        "zh-Hant": "語音訊息收到了。沙盒聽不懂人話；用 AIMODELS_API_KEY 接上真正的 API 後，語音會轉成文字再回答。"
        "我自己朗讀過的我認得：按回答下方的「朗讀」，再把那個聲音檔傳給我。",
        "zh-Hans": "语音消息收到了。沙盒听不懂人话；用 AIMODELS_API_KEY 接上真正的 API 后，语音会转成文字再回答。"
        "我自己朗读过的我认得：按回答下方的“朗读”，再把那个音频文件发给我。",
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


def language_of(system: str, texts: Sequence[str]) -> Language:
    """The language to answer in: as the system prompt orders, else that of the newest message that shows one."""
    for language, order in _ORDERS:
        if order.search(system):
            return language
    if not texts or not is_chinese(texts[-1]):
        return "en"
    for text in reversed(texts):
        hant, hans = sum(c in _HANT - _HANS for c in text), sum(c in _HANS for c in text)
        if hant != hans:
            return "zh-Hant" if hant > hans else "zh-Hans"
    return "zh-Hant"


def say(key: str, language: Language, **values: object) -> str:
    """Format one of `SENTENCES`."""
    return SENTENCES[key][language].format(**values)
