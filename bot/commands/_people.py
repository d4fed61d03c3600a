"""The people of whom administrators ask for something: who may, and who is meant by a name."""

from bot.commandline.choices import nearest_choice
from bot.commandline.mentions import read_mention
from bot.commands._base import Context
from bot.errors import NotAllowed, UsageError
from bot.scoped_settings.scopes import Scope
from bot.values import valueclass


@valueclass(frozen=True, slots=True)
class NamedPerson:
    """A person whose data an administrator may export or erase."""

    id: str
    name: str
    workspace: str | None  #: the administrator's, whose data it is only; None: all of the platform

    @property
    def scope(self) -> str:
        """The reach of the export or erasure, for the audit log."""
        return "service" if self.workspace is None else "workspace"


async def find_person(ctx: Context, named: str) -> NamedPerson:
    """Return who is meant by an id, a mention or a display name. Raises `UsageError` for others than administrators.

    An administrator of the workspace reaches its data alone, one of the service those of the whole platform.
    """
    workspace = None if ctx.is_service_admin() else ctx.event.location.workspace
    if workspace is not None and not (workspace and ctx.is_administrator(Scope.WORKSPACE)):
        raise NotAllowed(ctx.translate("people.not_allowed"))
    adapter = ctx.event.adapter
    known = await ctx.journal.people(adapter, workspace=workspace)
    names = await ctx.reports.names(adapter, known)
    mention = read_mention(named.strip())
    plain = named.strip().removeprefix("@") if mention is None else mention.id
    if plain in known:
        return NamedPerson(plain, names.get(plain) or plain, workspace)
    found = [person for person, name in names.items() if name.casefold() == plain.casefold()]
    if len(found) == 1:
        return NamedPerson(found[0], names[found[0]], workspace)
    if found:
        ids = ctx.join_list(f"`{person}`" for person in sorted(found))
        raise UsageError(ctx.translate("people.several", name=plain.replace("`", "'"), ids=ids))
    near = nearest_choice(plain, sorted(set(names.values())))
    key = "people.unknown_near" if near else "people.unknown"
    raise UsageError(ctx.translate(key, name=plain.replace("`", "'"), near=near))
