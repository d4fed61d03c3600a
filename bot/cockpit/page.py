"""Pages and acts: each is a function that `bot/cockpit/pages` registers with its path and who may use it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Protocol
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from bot.cockpit.live import LiveParts, Render
from bot.cockpit.sessions import Session, Sessions
from bot.cockpit.sources import Sources
from bot.csv_text import csv_text
from bot.i18n import translate
from bot.models import Event
from bot.ops.play_pages import PlayPages
from bot.ports import AuditEntry
from bot.settings.core import Settings
from bot.sign_in.visitor import Visitor
from bot.values import valueclass

#: `adapter` of audit entries of people who use the command line.
COMMAND_LINE = "cockpit"
#: Fields of a form, at most.
_FIELDS = 1000
#: Digits of a number in an address, at most.
_LONGEST_NUMBER = 18


class Rights(StrEnum):
    """The people who may use a page."""

    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"  #: of a workspace, for what belongs to it; the operator for everything
    PERSON = "person"  #: who has signed in from a platform, for what is their own there
    EVERYBODY = "everybody"  #: who is signed in


@valueclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request of a person who is signed in and may use the page."""

    cockpit: "CockpitServices"
    request: Request
    session: Session
    locale: str
    workspace_name: str = ""  #: of the visitor's workspace
    fields: Sequence[tuple[str, str]] = ()  #: of a form; empty for a page

    @property
    def visitor(self) -> Visitor:
        """The person."""
        return self.session.visitor

    @property
    def sources(self) -> Sources:
        """The parts of the service."""
        return self.cockpit.sources

    @property
    def form(self) -> Mapping[str, str]:
        """The fields of a form by name; of several with one name the last."""
        return dict(self.fields)

    def chosen(self, name: str) -> list[str]:
        """Return all values of a field of a form, such as those of checked boxes."""
        return [value for key, value in self.fields if key == name]

    def translate(self, key: str, /, **values: object) -> str:
        """Translate a sentence of the pages."""
        return translate(key, self.locale, **values)

    @property
    def adapters(self) -> Sequence[str]:
        """The platforms of which the visitor sees something."""
        return list(self.sources.adapters) if self.visitor.is_operator else [self.visitor.adapter]

    @property
    def workspace(self) -> str | None:
        """The only workspace of which the visitor sees something; None: they see all."""
        return None if self.visitor.is_operator else self.visitor.workspace

    def is_direct(self, adapter: str, channel: str) -> bool:
        """Return whether a channel is direct messages; what is kept for it is shown to nobody else."""
        return adapter in self.sources.adapters and self.sources.adapters[adapter].is_direct(channel)

    def is_private(self, event: Event) -> bool:
        """Return whether a request was made in direct messages."""
        place = event.location
        return place.is_private or self.is_direct(event.adapter, place.channel)

    def not_found(self, key: str) -> Response:
        """Return a page that says in the sentence `key` that there is nothing for the visitor."""
        return self.render("nothing.html", status=404, text=self.translate(key))

    def render(self, template: str, *, status: int = 200, **values: object) -> Response:
        """Return a page made from a template of `templates`."""
        return self.cockpit.render(self, template, status=status, **values)

    async def audit(
        self,
        action: str,
        *,
        adapter: str = "",
        workspace: str = "",
        channel: str = "",
        subject: str = "",
        scope: str = "",
        before: str | None = None,
        after: str | None = None,
    ) -> None:
        """Add an act of the visitor to the audit log of a platform. Raises `StoreError`."""
        who = self.visitor
        entry = AuditEntry(
            adapter=adapter or who.adapter or COMMAND_LINE,
            actor=who.actor or Rights.OPERATOR,
            action=action,
            workspace=workspace or ("" if who.is_operator else who.workspace),
            channel=channel,
            subject=subject,
            scope=scope,
            before=before,
            after=after,
        )
        await self.sources.audit_log.add_audit(entry)


class CockpitServices(Protocol):
    """The parts of the cockpit that pages use, those of signing in included."""

    sources: Sources
    sessions: Sessions
    live: LiveParts
    play: PlayPages

    @property
    def is_local(self) -> bool:
        """Whether the pages are for browsers of this machine alone."""
        ...

    def show(self, request: Request, template: str, *, status: int = 200, **values: object) -> Response:
        """Return a page for a person who is not signed in."""
        ...

    def refuse(self, request: Request, key: str, status: int) -> Response:
        """Return the sentence `key`, and how to sign in."""
        ...

    def render(self, visit: Visit, template: str, *, status: int = 200, **values: object) -> Response:
        """Return a page for a person who is signed in."""
        ...

    def render_part(self, visit: Visit, template: str, **values: object) -> str:
        """Return a part of a page that several people may see: it has nothing of the one who asked first."""
        ...

    def stream(self, visit: Visit, name: str, render: Render) -> Response:
        """Return a stream of server-sent events with parts of a page, each whenever it changes.

        `name`: all visitors with the same rights and language share what is rendered for it.
        """
        ...


Endpoint = Callable[[Visit], Awaitable[Response]]
IsOffered = Callable[[Settings], bool]


def always(_settings: Settings) -> bool:
    """Offer a page under all settings."""
    return True


@valueclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page, or an act: what a form or button of a page posts."""

    path: str  #: below the root, such as "/requests/{seq}"
    endpoint: Endpoint
    rights: Rights
    title: str = ""  #: key of the name in the menu; "": not in it
    order: int = 0  #: place in the menu
    is_act: bool = False
    is_offered: IsOffered = always  #: whether a service with such settings has it

    def is_open_to(self, visitor: Visitor) -> bool:
        """Return whether a person may use it at all."""
        match self.rights:
            case Rights.OPERATOR:
                return visitor.is_operator
            case Rights.ADMINISTRATOR:
                return visitor.is_operator or visitor.is_administrator
            case Rights.PERSON:
                return bool(visitor.adapter and visitor.actor)
            case Rights.EVERYBODY:
                return True


_registered: dict[tuple[str, bool], Page] = {}


def page(
    path: str, *, rights: Rights, title: str = "", order: int = 0, is_offered: IsOffered = always
) -> Callable[[Endpoint], Endpoint]:
    """Register a page, which changes nothing."""

    def register(endpoint: Endpoint) -> Endpoint:
        _registered[path, False] = Page(
            path=path, endpoint=endpoint, rights=rights, title=title, order=order, is_offered=is_offered
        )
        return endpoint

    return register


def act(path: str, *, rights: Rights, is_offered: IsOffered = always) -> Callable[[Endpoint], Endpoint]:
    """Register an act. Its form is checked to come from a page of the same session."""

    def register(endpoint: Endpoint) -> Endpoint:
        _registered[path, True] = Page(path=path, endpoint=endpoint, rights=rights, is_act=True, is_offered=is_offered)
        return endpoint

    return register


def registered_pages() -> Iterable[Page]:
    """Return the pages and acts of the modules that are imported."""
    return _registered.values()


def read_form(body: bytes) -> list[tuple[str, str]]:
    """Return the fields of a form (`application/x-www-form-urlencoded`). More than 1000 are none."""
    try:
        return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError:
        return []


async def csv_file(name: str, records: Iterable[Sequence[str]]) -> Response:
    """Return rows as a file that a spreadsheet opens; the mark at its beginning says that it is UTF-8.

    `records`: iterated over in a thread, as there may be many.
    """
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    text = await asyncio.to_thread(csv_text, records)
    return Response(f"\ufeff{text}", media_type="text/csv", headers=headers)


def read_number(text: str) -> int | None:
    """Return a number as an address has it; None: it is none, or bigger than a database can hold."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else None
