"""Scripts of short films as JSON: the wish itself, seen in different lights and from different distances."""

import json
import re

from sandbox.chat.phrases import is_chinese

_ORDER = re.compile(r"(?i)\bscript of a short film\b")
_SHOTS = re.compile(r"(?i)\bexactly (\d{1,2})\b")
_SECONDS = re.compile(r"(?i)\badd up to (\d{1,3})\b")
_MOST = 12
#: What happens, and how the picture shows it.
_VIEWS = (
    ("far away", "wide-angle view at dawn"),
    ("coming closer", "in the morning light"),
    ("face to face", "close-up, bright day"),
    ("a moment of rest", "by the water, afternoon"),
    ("the way home", "golden evening light"),
    ("under the stars", "at night, stars"),
)
_CHINESE_VIEWS = (
    ("遠方", "黎明的遠景"),
    ("靠近", "早晨的陽光"),
    ("面對面", "特寫，白天"),
    ("休息", "水邊，下午"),
    ("回家的路", "金色的黃昏"),
    ("星空下", "夜晚，星星"),
)


def film_script(system: str, wish: str) -> str | None:
    """Return the script that the instructions ask for; None: they ask for something else."""
    if not _ORDER.search(system):
        return None
    count, seconds = (_number(pattern, system, usual) for pattern, usual in ((_SHOTS, 4), (_SECONDS, 20)))
    views = _CHINESE_VIEWS if is_chinese(wish) else _VIEWS
    shots = []
    for number in range(min(count, _MOST)):
        line, view = views[number % len(views)]
        length = seconds // count + (number < seconds % count)
        shots.append({"line": line, "prompt": f"{wish}, {view}", "seconds": length})
    music = f"{'平靜的音樂' if is_chinese(wish) else 'calm music'}, {wish}"
    return json.dumps({"title": wish[:1].upper() + wish[1:60], "shots": shots, "music": music}, ensure_ascii=False)


def _number(pattern: re.Pattern[str], text: str, usual: int) -> int:
    found = pattern.search(text)
    return max(1, int(found[1])) if found else usual
