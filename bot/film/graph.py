"""The parts of a film, and their dependencies. Pure.

A node is named by its content: kind, model, prompt, options, parents and take. The same content is the same event,
whose answer keeps the result, so that it is made once.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Literal

from bot.film.film import Film, FilmShot
from bot.film.join import can_join
from bot.i18n import translate
from bot.models import Kind
from bot.values import valueclass

#: Of a part of a film; `film`: the clips and the music, joined.
PartKind = Kind | Literal["film"]


@valueclass(frozen=True, slots=True, kw_only=True)
class FilmNode:
    """One picture, clip or piece of music, or the film that they are joined to."""

    key: str
    kind: PartKind
    prompt: str
    options: Mapping[str, str]  #: of the command of that kind
    shot: int = -1  #: index of its shot; -1: of the whole film
    parents: tuple[str, ...] = ()  #: keys of what it is made from: the picture of a clip; the clips, then the music


def nodes_of(film: Film) -> list[FilmNode]:
    """Return everything that a film needs, in the order in which it is shown; of equal shots the same nodes."""
    nodes = []
    for number, shot in enumerate(film.script.shots):
        picture = _picture(film, number, shot)
        nodes += [picture, _clip(film, number, shot, picture.key)]
    if film.script.music:
        options = {"duration": str(film.seconds), "model": film.look.models["audio"]}
        nodes.append(_node("audio", _take(film, film.script.music, film.music_take), options, film.music_take))
    if film.look.transition != "none" and can_join():
        nodes.append(_joined(film, nodes))
    return nodes


def _joined(film: Film, nodes: Sequence[FilmNode]) -> FilmNode:
    parents = tuple(node.key for kind in ("video", "audio") for node in nodes if node.kind == kind)
    look, lines = film.look, tuple(shot.line for shot in film.script.shots)
    options = {"transition": look.transition, "subtitles": look.subtitles}
    texts = json.dumps([film.script.title, *(lines if look.subtitles != "no" else ())], ensure_ascii=False)
    return _node("film", texts, options, 1, parents=parents)


def _picture(film: Film, number: int, shot: FilmShot) -> FilmNode:
    look = film.look
    options = {"size": look.size, "model": look.models["image"], **({"style": look.style} if look.style else {})}
    return _node("image", _take(film, shot.prompt, shot.take), options, shot.take, shot=number)


def _clip(film: Film, number: int, shot: FilmShot, picture: str) -> FilmNode:
    look = film.look
    options = {"duration": str(shot.seconds), "resolution": look.resolution, "model": look.models["video"]}
    prompt = _take(film, shot.prompt, shot.take)
    return _node("video", prompt, options, shot.take, shot=number, parents=(picture,))


def _take(film: Film, prompt: str, take: int) -> str:
    """Return the wording of a take: the same words would make the same thing."""
    return prompt if take == 1 else translate("image.varied", film.locale, prompt=prompt, number=take)


def _node(
    kind: PartKind,
    prompt: str,
    options: Mapping[str, str],
    take: int,
    *,
    shot: int = -1,
    parents: tuple[str, ...] = (),
) -> FilmNode:
    content = json.dumps([kind, prompt, dict(sorted(options.items())), parents, take])
    key = hashlib.sha256(content.encode(errors="replace")).hexdigest()[:16]
    return FilmNode(key=key, kind=kind, prompt=prompt, options=options, shot=shot, parents=parents)


def event_id(film: Film, key: str) -> str:
    """Return the id of the event that makes a node: of its next one, where earlier ones failed or were stopped."""
    tries = film.tries.get(key, 0)
    return f"{film.id}/{key}" + (f"-{tries}" if tries else "")


def ready(
    nodes: Sequence[FilmNode], *, done: frozenset[str], running: frozenset[str], failed: frozenset[str]
) -> list[FilmNode]:
    """Return what is to be begun now: of each kind one at a time, the first whose parents are there. Takes keys."""
    found: dict[PartKind, FilmNode] = {}
    busy = {node.kind for node in nodes if node.key in running}
    for node in nodes:
        is_open = node.key not in done | running | failed and done.issuperset(node.parents)
        if is_open and node.kind not in busy:
            found.setdefault(node.kind, node)
    return list(found.values())
