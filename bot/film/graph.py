"""What a film is made of, and what depends on what. Pure.

A node is named by its content: kind, model, prompt, options, parents and take. The same content is the same event,
whose answer keeps the result, so that it is made once.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from bot.film.film import Film, FilmShot
from bot.i18n import translate
from bot.models import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmNode:
    """One picture, clip or piece of music."""

    key: str
    kind: Kind
    prompt: str
    options: Mapping[str, str]  #: of the command of that kind
    shot: int = -1  #: index of its shot; -1: of the whole film
    parent: str = ""  #: key of the picture that a clip begins with; "": none


def nodes_of(film: Film) -> list[FilmNode]:
    """Return everything that a film needs, in the order in which it is shown."""
    nodes = []
    for number, shot in enumerate(film.script.shots):
        picture = _picture(film, number, shot)
        nodes += [picture, _clip(film, number, shot, picture.key)]
    if film.script.music:
        options = {"duration": str(film.seconds), "model": film.look.models["audio"]}
        nodes.append(_node("audio", _take(film, film.script.music, film.music_take), options, film.music_take))
    return nodes


def _picture(film: Film, number: int, shot: FilmShot) -> FilmNode:
    look = film.look
    options = {"size": look.size, "model": look.models["image"], **({"style": look.style} if look.style else {})}
    return _node("image", _take(film, shot.prompt, shot.take), options, shot.take, shot=number)


def _clip(film: Film, number: int, shot: FilmShot, picture: str) -> FilmNode:
    look = film.look
    options = {"duration": str(shot.seconds), "resolution": look.resolution, "model": look.models["video"]}
    return _node("video", shot.prompt, options, shot.take, shot=number, parent=picture)


def _take(film: Film, prompt: str, take: int) -> str:
    """Return the wording of a take: the same words would make the same thing."""
    return prompt if take == 1 else translate("image.varied", film.locale, prompt=prompt, number=take)


def _node(
    kind: Kind, prompt: str, options: Mapping[str, str], take: int, *, shot: int = -1, parent: str = ""
) -> FilmNode:
    content = json.dumps([kind, prompt, dict(sorted(options.items())), parent, take])
    key = hashlib.sha256(content.encode(errors="replace")).hexdigest()[:16]
    return FilmNode(key=key, kind=kind, prompt=prompt, options=options, shot=shot, parent=parent)


def event_id(film: Film, key: str) -> str:
    """Return the id of the event that makes a node: of its next one, where earlier ones failed or were stopped."""
    tries = film.tries.get(key, 0)
    return f"{film.id}/{key}" + (f"-{tries}" if tries else "")


def ready(
    nodes: Sequence[FilmNode], *, done: AbstractSet[str], running: AbstractSet[str], failed: AbstractSet[str]
) -> list[FilmNode]:
    """Return what is to be begun now: of each kind one at a time, the first whose parent is there. Takes keys."""
    found: dict[Kind, FilmNode] = {}
    busy = {node.kind for node in nodes if node.key in running}
    for node in nodes:
        is_open = node.key not in done | running | failed and (not node.parent or node.parent in done)
        if is_open and node.kind not in busy:
            found.setdefault(node.kind, node)
    return list(found.values())
