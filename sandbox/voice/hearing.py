"""Recognition of sounds: their length, and the words of those that the sandbox has spoken."""

import io
import re
from fractions import Fraction

#: Comment in a sound that the sandbox has spoken; its title is the text.
MARK = "sandbox speech"
#: The words of every other sound, in English and Chinese, as nobody knows which the person speaks.
NOT_UNDERSTOOD = "({seconds} s of sound; the sandbox does not understand speech · {seconds} 秒的聲音，沙盒聽不懂人話)"
_NOT_UNDERSTOOD = re.compile(re.escape(NOT_UNDERSTOOD).replace(re.escape("{seconds}"), r"[\d.e+]+"))


def hear(content: bytes) -> tuple[str, float]:
    """Return the words of a sound, and its seconds. Raises `ValueError` for what is no sound."""
    import av  # slow to import, and most sandboxes hear nothing

    try:
        with av.open(io.BytesIO(content), "r") as file:
            stream = file.streams.audio[0]
            tags = {name.lower(): value for found in (stream.metadata, file.metadata) for name, value in found.items()}
            length = Fraction(0)
            for packet in file.demux(stream):
                length += (packet.duration or 0) * (packet.time_base or 0)
    except (av.FFmpegError, IndexError, UnicodeError) as exc:
        raise ValueError("file: is no sound that the sandbox can read") from exc
    seconds = round(float(length), 2)
    if tags.get("comment") == MARK and tags.get("title"):
        return tags["title"], seconds
    return NOT_UNDERSTOOD.format(seconds=f"{round(seconds, 1):g}"), seconds


def remove_not_understood(text: str) -> str:
    """Return a text without what the sandbox writes for sounds that it does not understand."""
    return _NOT_UNDERSTOOD.sub("", text)
