"""Chat by rules: admits that it is no language model, and uses what the conversation says."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sandbox.chat.arithmetic import NoResult, arithmetic, conversion
from sandbox.chat.channel_digest import channel_digest
from sandbox.chat.dates import dates
from sandbox.chat.film_script import film_script
from sandbox.chat.guide import wish
from sandbox.chat.intent import is_question, is_statement
from sandbox.chat.memory import (
    Fact,
    facts,
    name_in,
    notes_in,
    recall,
    sentences,
    speaker_of,
    statement,
    wants_keeping,
)
from sandbox.chat.phrases import Language, is_chinese, language_of, say
from sandbox.chat.rewriting import ORDER, rewrite
from sandbox.chat.summary import summarise
from sandbox.voice.hearing import remove_not_understood

_HELLO = re.compile(
    r"(?i)^\W*(?:(?:hello|hi|hey|good (?:morning|afternoon|evening))\b(?:[\s,]+[a-z]{1,15}){0,3}|(?:你好|"
    r"您好|哈囉|嗨|早安)[啊呀嗎吗]?)\W*$"
)
_HELP = re.compile(
    r"(?i)^\W*help\W*$|^\W*(?:can|could) you help(?: me)?\W*$|what (?:can|do) you do|what can i (?:do|ask|say|type)|"
    r"who (?:are|made|built) you|what are you|are you (?:an? |the )?(?:ai|bot|human|robot|chatgpt|gpt|claude)\b|"
    r"what is this\W*$|(?:what|which|list)\b.*\bcommands\b|\bget(?:ting)? started\b|how (?:do|can|should) (?:i|we) "
    r"(?:start|begin|use)|"
    r"where (?:do|should) i (?:start|begin)|how does (?:this|it) work|你[能會会可以]+(?:做|幹|干|幫|帮)*(?:我|些|點|"
    r"点)*(?:什|甚|啥|哪)|"
    r"^\W*(?:你|可以)?[能可以]*(?:幫|帮)(?:我|忙|個忙|个忙)(?:嗎|吗|一下)?\W*$|"
    r"你是誰|你是谁|你是什|你是(?:機器人|机器人|AI|人)|怎麼(?:用|開始)|怎么(?:用|开始)|如何(?:使用|開始|开始)|"
    r"(?:什麼|什么|哪些)(?:功能|指令|命令)"
)
_COST = re.compile(
    r"(?i)\b(?:is|are) (?:this|it|you) (?:for )?free\b|\b(?:price|pricing)\W*$|how much (?:does|do|is|are) (?:it|"
    r"this|you)\b|"
    r"\b(?:does|do) (?:it|this|you) cost\b|[要收]錢|[要收]钱|(?:收|免)費|(?:收|免)费|多少錢\W*$|多少钱\W*$"
)
_UPLOAD = re.compile(
    r"(?i)\b(?:can|may|could|how (?:do|can)) i (?:upload|attach|send|use|share|give)\b.*\b(?:picture|image|photo|"
    r"file|document|pdf)s?\b|"
    r"(?:上傳|上传|附上|附加)(?:圖片|图片|照片|檔案|文件|檔)?"
)
#: A question about a channel's messages, which a command answers.
_MISSED = re.compile(
    r"(?i)^\W*what (?:did|have) (?:i|we) miss(?:ed)?\b|^\W*catch me up\b"
    r"|\b(?:summari[sz]e|recap|summary of) (?:this|the) channel\b"
    r"|我(?:錯過|错过)了?(?:什|哪|啥)|(?:總結|总结|摘要)(?:一下)?(?:這|这)個?个?(?:頻|频)道"
)
#: A question about a file, whose content the service has put behind it; its name may be missing.
_ABOUT_FILE = re.compile(
    r"(?i)^\W*(?:(?:and|so|please|can you|could you)\s+)*"
    r"(?:what(?:'s| is|’s| does| do)\b[^\n\d]{0,60}|(?:read|describe|explain)\b[^\n]{0,40}"
    r"|[^\n]{0,20}(?:什麼|什么|內容|内容)[^\n]{0,10})\n+`[^`\n]+`:\n(?P<text>`{3,}.*)",
    re.DOTALL,
)
_TIME = re.compile(
    r"(?i)what(?:'s| is|’s)? (?:the )?time(?: is it|\W*$| now)|(?:現在|现在)?[幾几][點点](?:了|鐘|钟)?[?？]?$"
)
_THANKS = re.compile(r"(?i)^\W*(?:thank you|thanks|thx|cheers|謝謝|谢谢|多謝|多谢|感謝|感谢)")
_BYE = re.compile(r"(?i)^\W*(?:bye|goodbye|see you|再見|再见|拜拜)")
_WHO_AM_I = re.compile(
    r"(?i)what(?:'s| is|’s) my name|who am i|(?:remember|know) my name|"
    r"我叫(?:什麼|什么|甚麼|啥)|我的名字(?:是|叫)?(?:什|甚|啥)|我是(?:誰|谁)"
)
_RECAP = re.compile(
    r"(?i)what (?:did|have) (?:we|i) (?:talk|discuss|sa(?:y|id)|told|tell|ask)|what do you (?:know|remember)|"
    r"\b(?:recap|summari[sz]e)\b.*\b(?:conversation|chat|talk|discussion|thread|so far|this|we)\b|"
    r"^\W*(?:recap|summari[sz]e|summary)\W*$|"
    r"(?:我們|我们)(?:剛才|刚才|之前)?(?:聊|說|说|談|谈|討論|讨论)了?(?:什|甚|些|哪)|回顧|回顾|(?:總結|总结|"
    r"摘要)(?:一下)?(?:對話|对话|我們|我们|以上|$|。)"
)
#: In the order of a summary: what follows its colon says what the summary is to name, and is no text to summarise.
_OF_CONVERSATION = re.compile(r"(?i)\b(?:conversation|chat|discussion|thread)\b|對話|对话|討論|讨论")
_SUMMARY_ORDER = re.compile(r"(?i)\b(?:summari[sz]e|write a summary|condense)\b|(?:總結|总结|摘要)")
_MEDIA = re.compile(r"\[(image|audio|video)[^\]:]*:\s*([^\]]+)\]")
#: after the description of something made: its length, size and format
_FACTS = re.compile(r"(?:, (?:[\d.]+ (?:s|秒)|\d+x\d+|wav|mp3|ogg|flac|m4a|mp4|webm|png|jpe?g|webp|gif))+$")
_CHANGE = re.compile(
    r"(?i)^\W*(?:(?:please|now|can you|could you|and)\s+)*(?:make|turn) (?:it|this|that|the (?:picture|"
    r"image))\s+(?:to |into )?(?!(?:an?|the) (?:haiku|poem|limerick|story|song|joke|list|table|summary|"
    r"letter)\b|o(?:ff|n)\b)(?P<how>[^?.!]+)|"
    r"^\W*(?:請|请|把它|讓它|让它|它|再|改|變|变|弄|做|畫|画|成|得)+(?P<chinese>[^？。！嗎吗]{1,8}?(?:一?[點点些]|"
    r"色))[吧。！!]?$"
)
_ABOUT_MEDIA = re.compile(
    r"(?i)\b(?:picture|image|drawing|draw|drew|painting|video|sound|audio|make it|darker|brighter|"
    r"lighter|bigger)\b|圖|图|畫|画|影片|視頻|视频|聲音|声音|暗一點|亮一點|暗一点|亮一点"
)
_LONGEST = 2000  # characters of a sentence that rules look at: some patterns take the square of it
_EARLIER = "Summary of what was said earlier in this conversation:"


class _Conversation:
    """One chat request, parsed."""

    def __init__(self, messages: Sequence[tuple[str, str]], now: datetime) -> None:
        self.now = now
        system = [text for role, text in messages if role == "system"]
        notes = [note for text in system for note in notes_in(text)]
        self.system = "\n".join(text for text in system if not notes_in(text))
        users = [text for role, text in messages if role == "user"]
        self.replies = [text for role, text in messages if role == "assistant"]
        self.speaker, self.question = speaker_of(users[-1]) if users else ("", "")
        summarised = self.system.partition(_EARLIER)[2]
        self.summarised = [line.removeprefix("- ") for line in summarised.splitlines() if line.startswith("- ")]
        self.earlier = users[:-1]
        self.turns = [(role, text) for role, text in messages if role != "system"][:-1]
        kept = [Fact(self.speaker if is_own else "", fact) for is_own, note in notes if (fact := statement(note))]
        self.known: list[Fact] = [*kept, *facts([*self.summarised, *self.earlier])]
        ordered = "\n".join([self.system.replace(summarised, ""), *(note for _, note in notes)])
        written = [remove_not_understood(text) for text in users]
        self.has_unheard = bool(users) and written[-1] != users[-1]
        told = [text for text in written if speaker_of(text)[1].strip()]
        self.language: Language = language_of(ordered, told or [self.system])
        self.shows_language = bool(told)

    def say(self, key: str, **values: object) -> str:
        return say(key, self.language, **values)

    @property
    def name(self) -> str:
        """Name of the asking person; "": unknown."""
        own = [fact.text for fact in self.known if fact.speaker == self.speaker]
        return next((name for text in reversed(own) if (name := name_in(text))), self.speaker)

    @property
    def called(self) -> str:
        """The name in the form that follows a greeting."""
        return f"{', ' if self.language == 'en' else '，'}{self.name}" if self.name else ""


def reply(messages: Sequence[tuple[str, str]], now: datetime | None = None) -> str:
    """Answer the last message of `(role, text)` pairs."""
    conversation = _Conversation(messages, now or datetime.now(UTC))
    if (written := _written_from_texts(conversation, messages)) is not None:
        return written
    if ORDER.search(conversation.system) and (prompt := rewrite(messages[-1][1])):
        return prompt
    if (
        _SUMMARY_ORDER.search(conversation.system)
        and not _RECAP.search(conversation.question)
        and not conversation.summarised
    ):
        return summarise([*conversation.earlier, conversation.question])
    order, *about = re.split(r":(?!//)|：", conversation.question, maxsplit=1)
    is_recap = bool(conversation.earlier) and _OF_CONVERSATION.search(order) is not None
    if about and about[0].strip() and _SUMMARY_ORDER.search(order):
        return _recap(conversation) if is_recap else summarise(about)
    if _RECAP.search(conversation.question) and not _MISSED.search(conversation.question):
        return _recap(conversation)
    answers: list[str] = []
    for sentence in sentences(conversation.question):
        if len(sentence) > _LONGEST:
            continue
        answer = next((text for rule in _RULES if (text := rule(sentence, conversation))), None)
        if answer and answer not in answers:
            answers.append(answer)
        if fact_text := statement(sentence):
            conversation.known.append(Fact(conversation.speaker, fact_text))
    return "\n".join(answers) or _lost(conversation)


def _written_from_texts(conversation: _Conversation, messages: Sequence[tuple[str, str]]) -> str | None:
    """Return what is written from texts of the service, such as a script, a digest or a file; None: a person asks."""
    if conversation.has_unheard:  # in a voice message
        languages: Sequence[Language] = (conversation.language,) if conversation.shows_language else ("en", "zh-Hant")
        return "\n\n".join(say("voice", language) for language in languages)
    if (file := _ABOUT_FILE.match(conversation.question)) is not None and (said := summarise([file["text"]])):
        return said
    script = film_script(conversation.system, conversation.question)
    return script or channel_digest(conversation.system, [text for role, text in messages if role == "user"])


def _greeting(sentence: str, conversation: _Conversation) -> str | None:
    if _HELP.search(sentence):
        return conversation.say("hello", name=conversation.called)
    if name_in(sentence):
        return None
    if _HELLO.match(sentence):
        if _HELP.search(conversation.question):  # "hello, who are you?" is greeted once
            return None
        return conversation.say("again" if conversation.replies else "hello", name=conversation.called)
    if _THANKS.match(sentence):
        return conversation.say("thanks")
    return conversation.say("bye", name=conversation.called) if _BYE.match(sentence) else None


def _computed(sentence: str, conversation: _Conversation) -> str | None:
    now, language = conversation.now, conversation.language
    if _TIME.search(sentence):
        return conversation.say("time", time=f"{now:%H:%M}", date=f"{now:%Y-%m-%d}")
    found = dates(sentence, now.date(), chinese=language != "en", simplified=language == "zh-Hans")
    if found:
        return found
    try:
        return conversion(sentence) or arithmetic(sentence)
    except NoResult as exc:
        return conversation.say(str(exc))


def _naming(sentence: str, conversation: _Conversation) -> str | None:
    if _WHO_AM_I.search(sentence):
        return conversation.say("name", name=conversation.name) if conversation.name else conversation.say("nameless")
    name = name_in(sentence)
    return conversation.say("met", name=name) if name else None


def _made(sentence: str, conversation: _Conversation) -> str | None:
    change = _CHANGE.search(sentence)
    if not (change or _ABOUT_MEDIA.search(sentence)) or wants_keeping(sentence):
        return None
    made = [match for _, text in conversation.turns for match in _MEDIA.finditer(text)]
    if not made:
        return None
    kind, last = made[-1][1], _FACTS.sub("", made[-1][2].strip())
    wanted = wish(sentence)
    if wanted and wanted.kind == "video":
        return conversation.say("make", kind="video", what=f"{wanted.what or last} --last yes")
    if change:
        how = (change["how"] or change["chinese"]).strip()
        return conversation.say("change", what=last, how=how)
    return conversation.say("picture", kind=kind, what=last)


def _about_use(sentence: str, conversation: _Conversation) -> str | None:
    if _UPLOAD.search(sentence):
        return conversation.say("upload")
    if _MISSED.search(sentence):
        return conversation.say("missed")
    return conversation.say("cost") if _COST.search(sentence) else None


def _wished(sentence: str, conversation: _Conversation) -> str | None:
    wanted = None if wants_keeping(sentence) else wish(sentence)
    if wanted is None:
        return None
    if wanted.what:
        return conversation.say("make", kind=wanted.kind, what=wanted.what)
    return conversation.say("make_what", kind=wanted.kind, what=conversation.say(wanted.kind))


def _remembered(sentence: str, conversation: _Conversation) -> str | None:
    if wants_keeping(sentence):
        return conversation.say("noted", fact=statement(sentence))
    if not is_question(sentence):
        fact_text = statement(sentence)
        is_fact = fact_text and is_statement(fact_text) and len(fact_text) <= 300  # noqa: PLR2004 - not a paste
        return conversation.say("noted", fact=fact_text) if is_fact else None
    fact = recall(sentence, conversation.known, conversation.speaker)
    if fact is None:
        return None
    if fact.speaker and fact.speaker != conversation.speaker:
        return conversation.say("said", who=fact.speaker, fact=fact.text)
    return conversation.say("told", fact=fact.text)


_RULES: tuple[Callable[[str, _Conversation], str | None], ...] = (
    _greeting,
    _computed,
    _naming,
    _made,
    _about_use,
    _wished,
    _remembered,
)


def _recap(conversation: _Conversation) -> str:
    fact_text = [Fact("", line) for line in conversation.summarised]
    for message in conversation.earlier:
        speaker, text = speaker_of(message)
        if not _RECAP.search(text):
            fact_text.append(Fact(speaker, " ".join(text.split())))
    if not fact_text:
        return conversation.say("empty")
    lines = [
        f"- {fact.speaker}: {_short(fact.text)}" if fact.speaker else f"- {_short(fact.text)}" for fact in fact_text
    ]
    return "\n".join([conversation.say("recap"), *lines[-40:]])


def _short(text: str) -> str:
    limit = 80 if is_chinese(text) else 200
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _lost(conversation: _Conversation) -> str:
    if any("AIMODELS_API_KEY" in text for text in conversation.replies):
        return conversation.say("lost_again") + (
            conversation.say("context", count=len(conversation.turns)) if conversation.turns else ""
        )
    return conversation.say("lost")
