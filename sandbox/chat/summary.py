"""Extractive summaries: the most significant sentences, unchanged and in their order."""

import re
from collections import Counter
from collections.abc import Sequence

from sandbox.chat.memory import sentences, speaker_of, words_of

MOST = 5  #: sentences
#: Lines around the content of an attached file: its name, and the fence.
_FRAME = re.compile(r"^(?:`[^`\n]+`:|`{3,}[^`\n]*)$\n?", re.MULTILINE)


def summarise(texts: Sequence[str]) -> str:
    """Return the most significant sentences of the texts; a short text unchanged."""
    parts = [
        (speaker, sentence)
        for text in texts
        for speaker, rest in (speaker_of(_FRAME.sub("", text)),)
        for sentence in sentences(rest)
    ]
    if len(parts) <= 1:
        return "\n".join(f"- {sentence}" for _, sentence in parts)
    weight = Counter(word for _, sentence in parts for word in words_of(sentence))
    keep = max(1, min(MOST, (len(parts) + 1) // 2))

    def score(place: int) -> float:
        words = words_of(parts[place][1])
        lead = 1.15 if place == 0 else 1.0
        figures = 1.1 if re.search(r"\d", parts[place][1]) else 1.0
        return lead * figures * sum(weight[word] for word in words) / (len(words) + 4)

    best = sorted(sorted(range(len(parts)), key=score, reverse=True)[:keep])
    return "\n".join(f"- {parts[i][0]}: {parts[i][1]}" if parts[i][0] else f"- {parts[i][1]}" for i in best)
