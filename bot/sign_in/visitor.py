"""The people who sign in: the operator, administrators of a workspace, and everybody for what is their own."""

from dataclasses import asdict
from typing import Any, Self

from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A person who is signed in, with the rights that they have.

    The operator sees and steers everything; an administrator what belongs to `workspace`, and nothing else; everybody
    else what is their own.
    """

    is_operator: bool = False
    is_administrator: bool = False  #: of `workspace`
    adapter: str = ""  #: platform on which the person got the link; "": the command line
    workspace: str = ""  #: id of the workspace or server that an administrator administers, or where a person asked
    actor: str = ""  #: the person's id on the platform, or an identity; "": whoever can read the service's key
    event: str = ""  #: id of the request for the link, by which the platform is asked whether the rights last
    grant: str = ""  #: entry of `BOT_OIDC_OPERATORS` that makes an operator of an identity
    name: str = ""
    locale: str = ""  #: BCP 47 tag; "": that of the browser

    def may_see(self, adapter: str, workspace: str) -> bool:
        """Return whether something of that workspace may be shown to the visitor, and changed by them."""
        is_theirs = bool(workspace) and (self.adapter, self.workspace) == (adapter, workspace)
        return self.is_operator or (self.is_administrator and is_theirs)

    def to_json(self) -> dict[str, Any]:
        """Return the fields that are set, as JSON has them: they are part of links."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        """Convert `to_json` back. Raises `TypeError` for other fields."""
        return cls(**fields)
