"""The kinds of content that the API makes."""

from typing import TypeAlias, get_args

from aimodels import reference

Kind: TypeAlias = reference.Kind  #: of content; the API has one endpoint for each
KINDS: tuple[Kind, ...] = get_args(Kind)
MEDIA_KINDS: tuple[Kind, ...] = tuple(kind for kind in KINDS if kind not in ("chat", "code"))  #: answered with files


def is_picture(content_type: str) -> bool:
    """Whether a file of this content type is a picture; "": a file of unknown type, which counts as none."""
    return content_type.startswith("image/")
