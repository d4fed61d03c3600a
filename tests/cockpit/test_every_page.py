"""Every page and every act, also one that is added: who has the right to it, and that it ends at the own workspace."""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest

from aimodels.reference import MODELS
from bot.cockpit.page import Page, Rights, registered_pages
from bot.ports import RequestFilter
from bot.sign_in.visitor import Visitor
from tests.support.pages.client import Pages, pages

pytestmark = pytest.mark.usefixtures("quiet_logs")

PRICES = (f"{MODELS['image']}=picture:0.5",)
#: A word in every name, id and text of the other workspace.
THEIRS = "zeta"
ADMINISTRATOR = Visitor(is_administrator=True, adapter="channel", workspace="w", actor="ann", name="Ann")
PERSON = Visitor(adapter="channel", workspace="w", actor="pia", name="Pia", is_administrator=False)
#: Who may open the pages of each right, besides the operator.
MAY: Mapping[Rights, Sequence[Visitor]] = {
    Rights.OPERATOR: (),
    Rights.ADMINISTRATOR: (ADMINISTRATOR,),
    Rights.PERSON: (ADMINISTRATOR, PERSON),
    Rights.EVERYBODY: (ADMINISTRATOR, PERSON),
}
PLACE = {"adapter": "channel", "workspace": THEIRS, "channel": f"{THEIRS}-room"}
#: Fields of forms that no page of the operator has here: those of programs, and of services without an AI API.
ELSEWHERE = {"/api/requests/act": {"act": "cancel"}, "/try": {"act": "start"}, "/mine": {"note": "x"}}


@dataclass(frozen=True, slots=True)
class Form:
    """A form that a page of the operator has, with one of its buttons pressed."""

    action: str
    fields: tuple[tuple[str, str], ...]


class FormReader(HTMLParser):
    """Reads the forms of a page that change something, once for each of their buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._action = ""
        self._fields: list[tuple[str, str]] = []
        self._buttons: list[tuple[str, str]] = []
        self._select = ""  #: name of the field whose choices come
        self._chosen = ""  #: of the one whose first choice is read

    def handle_data(self, data: str) -> None:
        if self._chosen:
            self._fields.append((self._chosen, data))
            self._select = self._chosen = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method") == "post":
            self._action, self._fields, self._buttons = given["action"], [], []
        elif tag == "select":
            self._select = given.get("name", "")
        elif tag == "option" and self._select:
            self._chosen = self._select
            if "value" in given:
                self.handle_data(given["value"])
        elif tag == "button" and given.get("name"):
            self._buttons.append((given["name"], given.get("value", "")))
        elif tag in ("input", "textarea") and given.get("name") not in (None, "token"):
            self._fields.append(
                (given["name"], given.get("value", "") or ("" if given.get("type") == "hidden" else "1"))
            )

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._action:
            buttons = [[button] for button in self._buttons] or [[]]
            self.forms += [Form(self._action, (*self._fields, *pressed)) for pressed in buttons]
            self._action = ""


async def test_every_page_and_act_keeps_its_rights_and_ends_at_the_workspace(tmp_path: Path) -> None:
    """Nobody, a person and an administrator open and post everything that the operator can, with ids of others.

    Who lacks the right gets a sentence. Others get nothing of the other workspace to see, and nothing of it changes.
    """
    async with pages(
        tmp_path, bot_prices=PRICES, bot_approve_above=0.6, bot_cockpit_texts=True, bot_admins=("root",)
    ) as web:
        seqs = await _fill(web)
        await web.sign_in()
        paths = {path for page in registered_pages() if not page.is_act for path in _paths(page, seqs)}
        assert len(paths) > 20
        forms, seen = await _read_forms(web, paths)
        assert THEIRS in seen["/cockpit/people"]
        acts = {f"/cockpit{page.path}": page for page in registered_pages() if page.is_act}
        forms += [
            Form(f"/cockpit{path}", (*more.items(), ("request", str(seqs[0])))) for path, more in ELSEWHERE.items()
        ]
        forms = list(dict.fromkeys(form for form in forms if form.action in acts))
        assert {form.action for form in forms} == set(acts), "an act that no page of the operator has a form for"
        web.http.cookie_jar.clear()
        await _post_all(web, None, acts, forms)

        for visitor in (ADMINISTRATOR, PERSON):
            await web.sign_in(visitor)
            before = _rows(tmp_path)
            for page in registered_pages():
                for path in () if page.is_act else _paths(page, seqs):
                    await _open(web, visitor, page, path)
            await _post_all(web, visitor, acts, forms)
            assert before - _rows(tmp_path) == set(), "something of theirs is gone or changed"
            audited = [entry for table, entry in _rows(tmp_path) - before if "audit" in table and THEIRS in entry]
            # The refusal of a form is noted in the visitor's own workspace, and nothing else of the other one.
            assert [entry for entry in audited if '"action":"cockpit.foreign_place","workspace":"w"' not in entry] == []


async def _fill(web: Pages) -> list[int]:
    """Have something of everything in the other workspace, and something in the own; return the numbers of theirs."""
    service, place = web.service, {"workspace": THEIRS, "channel": PLACE["channel"]}
    await service.ask("ours", who="ann", conversation="1")
    fox = await service.ask(f"{THEIRS} fox", command="image", who=f"{THEIRS}-bob", conversation="2", **place)
    assert fox.files
    dear = await service.channel.ask(
        f"{THEIRS} owls", command="image", options={"n": "2"}, who=f"{THEIRS}-bob", conversation="3", **place
    )
    await service.channel.wait_for_answers(dear)
    await service.core.worker.drain()
    await web.sign_in(
        Visitor(is_administrator=True, adapter="channel", workspace=THEIRS, actor=f"{THEIRS}-ida", name=f"{THEIRS} Ida")
    )
    await web.post("/cockpit/settings", {**PLACE, "name": "system_prompt", "value": f"{THEIRS} words", "act": "set"})
    limit = {"amount": "5", "of": "pictures", "per": "day", "who": "person", "id": f"{THEIRS}-bob", "act": "set"}
    await web.post("/cockpit/limits", {**PLACE, **limit})
    rule = {"rule": "deny", "what": "video", "who": "person", "id": f"{THEIRS}-bob", "until": "", "act": "set"}
    await web.post("/cockpit/access", {**PLACE, **rule})
    await service.ask(
        f"{THEIRS} note", command="remember", options={"for": "channel"}, who=f"{THEIRS}-ida", conversation="5", **place
    )
    service.echo.hold("SLOW")
    await service.start_asking(f"SLOW {THEIRS}", who=f"{THEIRS}-bob", conversation="4", **place)
    rows = await service.core.store.list_requests(RequestFilter(), limit=50)
    return [row.seq for row in rows if row.workspace == THEIRS]


def _paths(page: Page, seqs: Sequence[int]) -> list[str]:
    """Return addresses of a page: by themselves, and with ids of the other workspace wherever there is room for one."""
    values = {"seq": [str(seq) for seq in seqs], "number": ["0"], "name": ["system_prompt", "slack"]}
    paths = [page.path]
    for name in re.findall(r"{(\w+)}", page.path):
        paths = [path.replace(f"{{{name}}}", value) for path in paths for value in values[name]]
    query = "&".join(f"{name}={value}" for name, value in PLACE.items())
    more = [f"{path}?{query}&person={THEIRS}-bob&actor={THEIRS}-bob&by=person&before=999999" for path in paths]
    return [f"/cockpit{path}" for path in (*paths, *more, *(f"{path}?{query}" for path in paths))]


async def _read_forms(web: Pages, paths: set[str]) -> tuple[list[Form], Mapping[str, str]]:
    """Open all pages as the operator; return their forms and texts."""
    found: list[Form] = []
    texts = {}
    for path in sorted(paths):
        texts[path] = (await web.peek(path)).text
        reader = FormReader()
        reader.feed(texts[path])
        found += reader.forms
    return found, texts


async def _open(web: Pages, visitor: Visitor, page: Page, path: str) -> None:
    """Open a page: without the right to it there is one sentence, and with it nothing of others."""
    shown = await web.peek(path)
    status, text = shown.status, shown.text
    if visitor not in MAY[page.rights]:
        is_entrance = page.path == "" and status == 307
        assert is_entrance or (status == 403 and "You may not see this page." in text), path
    else:
        assert status in (200, 404), path
        given = path.partition("?")[2]
        own = re.sub(r'value="[^"]*"|&amp;|[?&](before|adapter)=\S*', "", text) if given else text
        assert THEIRS not in own, path


async def _post_all(web: Pages, visitor: Visitor | None, acts: Mapping[str, Page], forms: Sequence[Form]) -> None:
    """Send every form as somebody else: who lacks the right is refused."""
    for form in forms:
        shown = await web.post(form.action, dict(form.fields), token=None if visitor else "")
        if visitor is None:
            assert shown.status == 401, form
        elif visitor not in MAY[acts[form.action].rights]:
            assert shown.status == 403, form
            assert "You may not see this page." in shown.words
        else:
            assert shown.status in (200, 400, 404), form


def _rows(folder: Path) -> set[tuple[str, str]]:
    """Return every row of the database that has something of theirs or of the whole service: its table and values."""
    with sqlite3.connect(f"file:{folder / 'bot.db'}?mode=ro", uri=True) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {(table, repr(row)) for table in tables for row in db.execute(f'SELECT * FROM "{table}"')}
    return {row for row in rows if THEIRS in row[1] or "'service'" in row[1]}
