"""The decision whether an event may be answered."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from bot.commandline.mentions import Mention, link_mention
from bot.errors import OverLimit, UsageError
from bot.i18n import join_list, translate
from bot.limits import Limit, Measure, QuotaRequest, Subject, utc_now
from bot.models import CommandSpec, Event, Job
from bot.policy.access import RefusingRules, find_refusing
from bot.policy.limit_notices import LimitNotices
from bot.policy.quota import Quotas, Standing, describe_amount, describe_left, refusal_text
from bot.policy.roles import NamedRoles
from bot.policy.rules import Lists, command_lists, general_lists, id_forms, names_unread_role
from bot.ports import Directory
from bot.scoped_settings.access import EVERYTHING
from bot.scoped_settings.effective import EffectiveSettings, ScopedSettings
from bot.scoped_settings.names import COMMANDS_OFF
from bot.scoped_settings.scopes import Scope
from bot.settings.approvers import listed_approvers
from bot.settings.core import Settings
from bot.values import valueclass

_NAMED = 5  #: people and roles that a refusal names at most


@valueclass(frozen=True, slots=True)
class Refusal:
    """The refusal of an event: a private sentence, or silence."""

    text: str
    silent: bool = False
    reason: str = ""  #: the same for the same reason in every language
    once_a: Literal["minute", "day"] = "day"  #: how often a person reads it


class Policy:
    """Permissions, quotas and budgets from the settings; they apply to administrators, too.

    The store counts against the quotas when it records an event.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        quotas: Quotas,
        scoped: ScopedSettings,
        near: LimitNotices,
        commands: Collection[str] = (),
        directories: Mapping[str, Directory] | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Raises `SettingsError` for a wrong rule.

        `commands`: the names that rules may use; empty: any. `directories`: of the platforms, by adapter.
        """
        self._settings = settings
        self._general = general_lists(settings)
        self._by_command = command_lists(settings.bot_command_rules, commands)
        in_lists = (role for lists in (self._general, *self._by_command.values()) for role in lists.roles)
        approvers = listed_approvers(settings.bot_approvers, "role")
        self.roles = NamedRoles((*in_lists, *settings.bot_admins, *approvers))
        self._quotas = quotas
        self.near = near
        quotas.limits.report_roles_to(self.roles.add)
        self.scoped = scoped
        self._directories = directories or {}
        self._now = now

    def check(self, event: Event, spec: CommandSpec, effective: EffectiveSettings | None = None) -> Refusal | None:
        """Return the refusal by permissions; None: record it with its `quota`. `effective`: None: the operator's alone.

        A refusal that an administrator can lift names those whom the author can ask.
        """
        rules = effective.access_rules() if effective is not None else ()
        if rules:
            self.roles.add(rule.id for rule in rules if rule.subject == "role")
        locale = event.actor.locale
        if event.actor.is_bot and not self._settings.bot_allow_bots:
            return Refusal("", silent=True)
        if event.actor.is_stranger and not self._settings.bot_allow_strangers:
            return Refusal(translate("policy.stranger", locale), reason="stranger")
        refusal = _refused_by(self._general, event, "") or _refused_by(
            self._by_command.get(spec.name), event, spec.name
        )
        scope = Scope.SERVICE
        if refusal is None and (refusing := find_refusing(rules, event, spec)) is not None:
            refusal, scope = _refused_by_rule(refusing, spec.name, locale), refusing.scope
        return None if refusal is None else self.with_names(refusal, event, scope, effective)

    def with_names(self, refusal: Refusal, event: Event, scope: Scope, effective: EffectiveSettings | None) -> Refusal:
        """Return a refusal that names whom its reader can ask: managers of the scope, and whom the operator lists."""
        managers = effective.managers(scope) if effective is not None else ()
        directory = self._directories.get(event.adapter)
        prefix = f"{event.adapter}:"
        listed = [name.removeprefix(prefix) for name in self._settings.bot_admins]
        kinds = [(directory.kind_of(name), name) for name in listed] if directory is not None else ()
        admins = [Mention(kind, name) for kind, name in kinds if kind is not None]
        found = [one for one in dict.fromkeys((*managers, *admins)) if one.id != event.actor.id]
        if not found or event.actor.is_stranger:
            return refusal
        locale = event.actor.locale
        names = join_list((link_mention(one) for one in found[:_NAMED]), locale)
        return replace(refusal, text=translate("policy.names", locale, refusal=refusal.text, names=names))

    def ids_of(self, adapter: str, listed: Iterable[str]) -> Sequence[str]:
        """Return the ids of a platform in a list: written as `adapter:id`, or plain and of no other platform."""
        names = (name.removeprefix(f"{adapter}:") for name in listed)
        return sorted({name for name in names if ":" not in name and not self._is_foreign(adapter, name)})

    def _is_foreign(self, adapter: str, name: str) -> bool:
        """Return whether only other platforms know an id."""
        kinds = {platform: directory.kind_of(name) for platform, directory in self._directories.items()}
        return kinds.get(adapter) is None and any(kinds.values())

    def is_service_admin(self, event: Event) -> bool:
        """Return whether the author administers the whole service: its operator, and whom the operator lists."""
        actor = event.actor
        listed = id_forms(event.adapter, (actor.id, *actor.roles)).intersection(self._settings.bot_admins)
        return actor.is_operator or bool(listed)

    def administers(self, event: Event) -> bool:
        """Return whether the author administers the place of an event: there, or the whole service."""
        return event.actor.is_admin or self.is_service_admin(event)

    def environment_rules(self) -> Sequence[tuple[str, str, str]]:
        """Return the rules of the environment: on what, "allow" or "deny", and whom."""
        every = {EVERYTHING: self._general, **self._by_command}
        return [
            (what, verb, f"{subject}:{one}")
            for what, lists in every.items()
            for verb, found in (("allow", lists.allow), ("deny", lists.deny))
            for subject, ids in found.items()
            for one in sorted(ids)
        ]

    def require_open(self, job: Job, spec: CommandSpec, effective: EffectiveSettings) -> None:
        """Raise `UsageError` for a command that is switched off or closed, perhaps since the request was admitted."""
        if job.attempt > 1:
            return
        if spec.name in effective.words(COMMANDS_OFF):
            raise UsageError(translate("policy.command_off", job.event.actor.locale, command=spec.name))
        refusal = self.check(job.event, spec, effective) if effective.access_rules() else None
        if refusal is not None:
            raise UsageError(refusal.text)

    async def check_again(self, event: Event, spec: CommandSpec) -> Event | Refusal:
        """Check and count a recorded event whose request has changed; return it with who pays for it now.

        Raises `StoreError`.
        """
        effective = await self.scoped.for_event(event)
        event = replace(event, has_own_api=effective.has_own_api, keeps_price=False)
        refusal = self.check(event, spec, effective)
        if refusal is not None:
            return refusal
        try:
            return await self.count(event, spec, effective, self._admit)
        except OverLimit as over:
            return self.refusal(event, over)

    async def _admit(self, event: Event, quota: QuotaRequest | None) -> None:
        if quota is None:
            return
        await self._quotas.ledger.admit(event, quota)
        if quota.near:
            self.near.tell(event, quota.near)

    async def count(
        self,
        event: Event,
        spec: CommandSpec,
        effective: EffectiveSettings,
        admit: Callable[[Event, QuotaRequest | None], Awaitable[None]],
    ) -> Event:
        """Admit an event with its quota; where no more expensive model can be afforded, as one that none may answer.

        Raises `OverLimit`, `StoreError`.
        """
        try:
            await admit(event, await self.quota(event, spec, effective))
        except OverLimit as over:
            if over.limit.measure is not Measure.MONEY or spec.kind is None or not effective.fallbacks(spec.kind):
                raise
            event = replace(event, keeps_price=True)
            await admit(event, await self.quota(event, spec, effective))
        return event

    async def quota(self, event: Event, spec: CommandSpec, effective: EffectiveSettings) -> QuotaRequest | None:
        """Return the quota that the store checks when it records the event; None: no limit. Raises `StoreError`."""
        return await self._quotas.make(event, spec, effective)

    def refusal(self, event: Event, over: OverLimit) -> Refusal:
        """Return the refusal for a limit that the store reported."""
        limit = over.limit
        reason = f"{limit.subject} {limit.measure} {limit.period}"
        once_a: Literal["minute", "day"] = "day" if event.actor.is_stranger else "minute"
        return Refusal(refusal_text(over, event.actor.locale), reason=reason, once_a=once_a)

    async def describe_allowance(self, event: Event) -> Sequence[str]:
        """Return sentences on a person's limits and what is left of them. Raises `StoreError`."""
        locale = event.actor.locale
        return [
            translate(
                f"policy.allowed.{standing.limit.subject}",
                locale,
                limit=describe_amount(standing.limit, locale),
                left=self.describe_left(event, standing),
            )
            for standing in await self._quotas.standings(event)
        ]

    def describe_left(self, event: Event, standing: Standing) -> str:
        """Return what is left of a limit; of what the whole service shares, only its administrators read how much."""
        left = describe_left(standing)
        if left == "0" or self.sees_use(event, standing.limit):
            return left
        return translate("policy.some_left", event.actor.locale)

    def sees_use(self, event: Event, limit: Limit) -> bool:
        """Return whether the author may know how much of a limit is used: other workspaces' use is not theirs."""
        return limit.subject is not Subject.SERVICE or self.is_service_admin(event)


def _refused_by(lists: Lists | None, event: Event, command: str) -> Refusal | None:
    """Return the refusal by the lists of a command; "": of all commands."""
    subject = None if lists is None else lists.find_rejected_subject(event)
    if lists is None or subject is None:
        return None
    locale = event.actor.locale
    if subject == "role" and names_unread_role(event, lists.roles):
        return Refusal(translate("policy.roles_unread", locale), reason="roles unread", once_a="minute")
    key = f"policy.command_{subject}" if command else f"policy.{subject}"
    return Refusal(translate(key, locale, command=command), reason=f"{subject} {command}".strip())


def _refused_by_rule(refusing: RefusingRules, command: str, locale: str) -> Refusal:
    """Return the refusal by a rule of an administrator."""
    if refusing.is_unread:
        return Refusal(translate("policy.roles_unread", locale), reason="roles unread", once_a="minute")
    about, ask = (translate(f"policy.{key}", locale) for key in (f"about.{refusing.subject}", f"ask.{refusing.scope}"))
    text = translate("policy.access", locale, command=command, about=about, ask=ask)
    return Refusal(text, reason=f"{refusing.scope} {refusing.what} {refusing.subject} {command}")
