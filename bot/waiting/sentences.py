"""The sentence on a place in the queue. Pure."""

from bot.i18n import translate
from bot.ports import QueuePlace

_MINUTE = 60
#: Categories of ordinal numbers by the last digit, as in 21st, 22nd and 23rd; 11 to 13 have none.
_CATEGORIES = {1: "one", 2: "two", 3: "few"}
_TEENS = range(11, 14)


def describe(place: QueuePlace, seconds: float | None, locale: str) -> str:
    """Return the sentence, with the expected wait where it is known."""
    number = place.number
    category = "other" if number % 100 in _TEENS else _CATEGORIES.get(number % 10, "other")
    text = translate("queue.next" if number == 1 else f"queue.place_{category}", locale, number=number)
    if seconds is None:
        return text
    if (rounded := max(5, 5 * round(seconds / 5))) < _MINUTE:
        wait = translate("queue.seconds", locale, seconds=rounded)
    else:
        wait = translate("queue.minutes", locale, minutes=round(seconds / _MINUTE))
    return translate("queue.about", locale, place=text, wait=wait)
