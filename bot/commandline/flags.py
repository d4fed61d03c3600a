"""The flags of commands, as people type them and as help shows them. Pure."""

from bot.commandline.choices import is_switch
from bot.models import CommandSpec, Option


def flags(spec: CommandSpec) -> tuple[tuple[str, Option], ...]:
    """Return every flag of a command, such as `--style` or `-n`, with its option."""
    found = []
    for option in spec.options:
        if not option.is_prompt and not option.is_secret:
            names = (option.name, option.short) if option.short and option.short != option.name else (option.name,)
            found += [(f"-{name}" if len(name) == 1 else f"--{name}", option) for name in names]
    return tuple(found)


def usage_line(spec: CommandSpec, *, prefix: str = "/") -> str:
    """Return the usage of a command: `/image <prompt> [--size 512x512|1024x1024] [-n 1-4]`."""
    named = spec.prompt and (f"<{spec.prompt.name}>" if spec.prompt.required else f"[{spec.prompt.name}]")
    words = [prefix + spec.name, *([named] if named else [])]
    for option in spec.options:
        if not option.is_prompt and not option.is_secret:
            word = f"{flag_name(option)} {value_hint(option)}".rstrip()
            words.append(word if option.required else f"[{word}]")
    return " ".join(words)


def flag_name(option: Option) -> str:
    """Return the shortest flag of an option."""
    name = option.short or option.name
    return f"-{name}" if len(name) == 1 else f"--{name}"


def value_hint(option: Option) -> str:
    """Return what the value of an option may be, in short; "" of a switch."""
    if option.choices:
        return "" if is_switch(option.choices) else "|".join(option.choices)
    if option.minimum is not None and option.maximum is not None:
        return f"{option.minimum:g}{'-' if option.minimum >= 0 else '…'}{option.maximum:g}"
    return f"<{option.kind if option.kind in {'number', 'integer', 'file'} else option.name}>"
