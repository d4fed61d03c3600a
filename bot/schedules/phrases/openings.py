"""Words that a reminder begins with, in English and Chinese. Pure."""

_POLITE = r"(?:(?:please|pls|hey|hi|ok(?:ay)?|and|also)\b,?\s+)*(?:(?:can|could|would|will)\s+you\s+(?:please\s+)?)?"
_SET = r"set\s+(?:(?:me|us)\s+)?(?:a|another)\s+reminder\b(?:\s+for\b)?"
_POLITE_CHINESE = r"(?:[請请]你?|麻[煩烦]你?|你?(?:可以|能不能|可不可以)|[幫帮]我|[記记]得)*"

ENGLISH_OPENING = rf"{_POLITE}(?:remind\s+(?:me|us|everyone|everybody)\b|{_SET})"
CHINESE_OPENING = rf"{_POLITE_CHINESE}提醒(?:我們|我们|我|大家)(?:一下)?"
