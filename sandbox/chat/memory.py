"""Facts that a conversation states, and retrieval of the one that answers a question."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.chat.intent import is_order, is_question

_SPEAKER = re.compile(r"^([^\W\d_][\w .'’-]{0,38}?)[:：]\s+(?=\S)")
_NOT_NAMES = frozenset(
    "note remember question answer todo fyi ps re example hint warning summary http https q a".split()  # noqa: SIM905
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
_GREETED = re.compile(r"(?i)^(hello|hi|hey|你好|您好)[,，!！]\s*(?=\S+[\s\S])")
_NOTES = re.compile(r"<notes>\n(.*?)\n</notes>", re.DOTALL)
_NAME = re.compile(
    r"(?i:\bmy name(?:'s| is)|\bcall me|\bi am called)\s+([^\W\d_][\w'’-]*(?:\s+[A-Z][\w'’-]*)?)"
    r"|\b(?:I'm|I’m|I am)\s+([A-Z][\w'’-]+)\s*(?=[.,!]|$|and\b)"
    r"|(?:我叫|我的名字是|我的名字叫)\s*([^\s，。！？,.!?、什甚誰谁啥]{1,12})"
)
_KEEP = re.compile(
    r"(?i)^(?:please\s+)?(?:remember|note|keep in mind|don't forget|do not forget)(?:\s+that\b|[:,]|"
    r"\s+)\s*|^(?:請|请)?(?:記住|记住|記得|记得|別忘了|别忘了)[：:，, ]*"
)
_STOP = frozenset(
    re.findall(
        r"\w+",
        "a an the is are was were be been am do does did to of in on at for and or it its this that these "
        "those i you he she we they me my your our"
        " what who when where which why how whose whom tell remember know said say told about can could "
        "will would should have has had s m re with",
    )
)
_CJK_NOISE = re.compile(
    r"什麼|什么|甚麼|幾時|几时|何時|何时|時候|时候|哪[裡里兒儿個个]?|誰|谁|多少|嗎|吗|呢|的|是|了|在|我們|我们|你|我|[？?。，,！!]"
)


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement of a speaker."""

    speaker: str  #: "" where the speakers are not named
    text: str


def speaker_of(text: str) -> tuple[str, str]:
    """Split a message into its speaker (or "") and the rest."""
    match = _SPEAKER.match(text)
    if match is None or match[1].lower() in _NOT_NAMES or len(match[1].split()) > 3:  # noqa: PLR2004 - names are short
        return "", text
    if is_order(match[1]):  # "correct my grammar: …"
        return "", text
    return match[1], text[match.end() :]


def sentences(text: str) -> list[str]:
    """Split a text into sentences; code blocks, long pastes, and orders with their text stay whole."""
    order, *about = re.split("[:：]", text, maxsplit=1)
    if "```" in text or (about and is_order(order)):
        return [text.strip()]
    return [part.strip() for part in _SENTENCE.split(_GREETED.sub(r"\1\n", text)) if part.strip()]


def name_in(sentence: str) -> str:
    """The name that the sentence says its speaker has; "" for none."""
    if is_question(sentence):
        return ""
    match = _NAME.search(sentence)
    return next((group for group in match.groups() if group), "") if match else ""


def statement(sentence: str) -> str:
    """The statement of a sentence, without "remember that"; "" for none."""
    rest = _KEEP.sub("", sentence, count=1)
    if rest == sentence and (is_question(sentence) or is_order(sentence)):
        return ""
    return rest if len(words_of(rest)) >= 1 and len(rest) > 3 else ""  # noqa: PLR2004 - "ok" is no fact


def wants_keeping(sentence: str) -> bool:
    """Whether the sentence asks to remember something."""
    return bool(_KEEP.match(sentence)) and bool(statement(sentence))


def notes_in(system: str) -> list[tuple[bool, str]]:
    """The notes in a system message, a JSON object a line: whether each is the asker's own, and its words."""
    block = _NOTES.search(system)
    try:
        lines = [json.loads(line) for line in block[1].splitlines()] if block else []
        return [(line["of"] == "the asker", line["note"]) for line in lines]
    except (ValueError, TypeError, KeyError):  # it means something else
        return []


def facts(messages: Sequence[str]) -> list[Fact]:
    """The facts that messages state, oldest first."""
    found = []
    for message in messages:
        speaker, text = speaker_of(message)
        found += [Fact(speaker, fact) for sentence in sentences(text) if (fact := statement(sentence))]
    return found


def recall(question: str, known: Sequence[Fact], asker: str) -> Fact | None:
    """The fact that best covers the question's words; None: no fact covers half of them."""
    wanted = words_of(question)
    if not wanted:
        return None
    best, best_score = None, 0.0
    for fact in known:
        hits = len(wanted & words_of(fact.text))
        score = hits / len(wanted) + (0.05 if fact.speaker == asker else 0)
        if hits and hits / len(wanted) >= 0.5 and score >= best_score:  # noqa: PLR2004 - half of it at least
            best, best_score = fact, score
    return best


def words_of(text: str) -> set[str]:
    """Content words of a text: stemmed words, and pairs of Chinese characters."""
    words = {_stem(word) for word in re.findall(r"[a-z0-9]+", text.lower()) if word not in _STOP}
    chinese = _CJK_NOISE.sub(" ", text)
    for run in re.findall(r"[\u3400-\u9fff]+", chinese):
        words |= {run[i : i + 2] for i in range(max(1, len(run) - 1))}
    return words


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:  # noqa: PLR2004 - what is left must be a word
            return word.removesuffix(ending).rstrip("e")
    return word.rstrip("e")
