"""The results of checks of the configuration."""

from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One line of `check`: the subject and the result, with an instruction if it failed."""

    subject: str  #: a setting, a file, a platform …
    text: str
    is_ok: bool
