"""Length of a sound file, found by decoding it, whatever its header tells. Runs in a child process."""

from io import BytesIO

import av

from bot.isolation.child import Unparsable


def measure(data: bytes, *, container: str, most_seconds: float) -> tuple[str, bytes]:
    """Return the seconds of sound that are decoded, as text; reading ends once there are more than `most_seconds`.

    Packets that can't be decoded are left out. Raises `Unparsable` where nothing can.
    """
    seconds = 0.0
    try:
        with av.open(BytesIO(data), "r", format=container) as file:
            for packet in file.demux(audio=0):
                try:
                    seconds += sum(frame.samples / frame.sample_rate for frame in packet.decode())
                except av.FFmpegError:
                    continue
                if seconds > most_seconds:
                    break
    except (av.FFmpegError, ArithmeticError, LookupError, UnicodeError) as exc:
        raise Unparsable("damaged") from exc
    if not seconds:
        raise Unparsable("damaged")
    return f"{seconds:.3f}", b""
