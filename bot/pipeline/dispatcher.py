"""Runs the command of an event, collects its parts into an outcome, and turns errors into sentences."""

from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import replace

import structlog

from aimodels.errors import ApiError, DeadlineExceeded
from bot.approvals.questions import Questions
from bot.background import BackgroundTasks
from bot.calls.api_job import ApiJob
from bot.calls.call_entry import CallEntries, find_too_expensive, open_entries
from bot.calls.circuit_breaker import CircuitBreaker
from bot.calls.guarded_api import EventApi, GuardedApi
from bot.calls.learnt_limits import LearntLimits
from bot.calls.model_calls import ModelCalls
from bot.calls.workspace_apis import WorkspaceApis
from bot.commandline.secrets import names_secret_command
from bot.commands import Command, Context, Registry, RequestControls
from bot.composites.composites import Composites
from bot.conversation.attachments import AttachmentReader
from bot.conversation.context import Conversation
from bot.conversation.gathering import Gathering
from bot.errors import BotError, OverLimit, StoreUnavailable, UsageError
from bot.i18n import translate
from bot.media import Spool
from bot.models import CommandSpec, Job, Kind, Outcome, Status, Usage
from bot.pipeline.call_accounting import CallAccounting, is_unreserved, note_failed_job
from bot.pipeline.delivery import Progress
from bot.pipeline.error_messages import failure_outcome, refusal_outcome, refused_outcome
from bot.pipeline.jobs import OutcomeBuilder, RunningJob
from bot.pipeline.retries import Failure
from bot.policy import Policy, Quotas
from bot.ports import Adapter, AuditLog, ContextStore, Journal, KeyValues, UsageLedger, UsageReports
from bot.recorder.erasure import Eraser
from bot.schedules.schedules import Schedules
from bot.scoped_settings.effective import EffectiveSettings, ScopedSettings
from bot.settings.core import Settings
from bot.values import valueclass

log = structlog.get_logger(__name__)


@valueclass(frozen=True, slots=True, kw_only=True)
class Dispatcher:
    """Runs commands of events."""

    registry: Registry
    settings: Settings
    journal: Journal
    gathering: Gathering
    contexts: ContextStore
    values: KeyValues
    scoped: ScopedSettings
    quotas: Quotas
    ledger: UsageLedger
    reports: UsageReports
    audit_log: AuditLog
    questions: Questions
    policy: Policy
    maintenance: Eraser
    api: GuardedApi
    workspace_apis: WorkspaceApis
    limits: LearntLimits
    accounting: CallAccounting
    breaker: CircuitBreaker
    on_fallback: Callable[[Kind], None]  #: called when another model is asked
    spool: Spool
    composites: Composites
    schedules: Schedules
    attachment_reader: AttachmentReader
    adapters: Mapping[str, Adapter]
    background: BackgroundTasks  #: tasks that nobody waits for

    async def run(
        self,
        running: RunningJob,
        builder: OutcomeBuilder,
        progress: Progress,
        *,
        describe_wait: Callable[[float, str], Status],
        controls: RequestControls,
    ) -> Outcome:
        """Run the command; return its outcome, or an error's sentence as the outcome.

        `describe_wait`: the status of a wait by its seconds and the API client's reason. Raises `Paused`, `ApiError`,
        and `StoreUnavailable` if a new try may succeed.
        """
        job, effective, event = running.job, running.effective, running.job.event
        command = self.registry.find(event.command)
        if command is None:
            return refusal_outcome(translate("usage.gone", event.actor.locale, command=event.command))

        effective.require_unpaused(command.spec)
        job = await self.gathering.gather(job, effective)
        event = job.event
        builder.price = self.quotas.prices.pricing(event)
        builder.api_job = api_job = ApiJob(self.values, event, self.background)
        builder.entries = entries = await open_entries(
            self.quotas, running.job, event, command.spec, effective, api_job
        )
        api = await self.api.for_event(
            event,
            effective,
            on_wait=lambda seconds, reason: progress.status(describe_wait(seconds, reason)),
            on_post=builder.note_post,
            before_post=entries.hook,
        )
        too_expensive = await find_too_expensive(self.quotas, event, command.spec, effective)
        calls = self._calls(job, builder, api, effective, too_expensive)
        context = self._context(job, command.spec, calls, builder.price, controls)
        builder.conversation = context.conversation
        try:
            return await self._run(command, context, job, builder, progress)
        except (UsageError, OverLimit) as exc:
            return refused_outcome(exc, event, command.spec, builder.usage, builder.price)
        except ApiError as exc:
            log.warning("api error", error=type(exc).__name__, status=exc.status, code=exc.code, message=exc.message)
            is_unanswered = isinstance(exc, DeadlineExceeded) and not self.accounting.may_be_billed(job, builder)
            if exc.is_retryable or is_unanswered:
                raise
            return await self.api_failure(exc, job, builder)
        except BotError as exc:
            log.warning("command failed", error=type(exc).__name__, reason=str(exc))
            if isinstance(exc, StoreUnavailable) and not (builder.has_called or running.is_cancelled):
                raise  # no sentence could be stored either: when that works again, the command may, too
            return failure_outcome(exc, job, builder.usage)
        except Exception as exc:  # a command's bug must not leave the person without an answer
            log.exception("command crashed")
            return failure_outcome(exc, job, builder.usage)

    def _context(
        self, job: Job, spec: CommandSpec, calls: ModelCalls, price: Callable[[Usage], Usage], controls: RequestControls
    ) -> Context:
        event, effective, name = job.event, calls.effective, job.event.adapter
        adapter = self.adapters[name]
        conversation = Conversation(
            contexts=self.contexts,
            values=self.values,
            settings=self.settings,
            event=event,
            effective=effective,
            attachment_reader=self.attachment_reader,
            open_attachment=adapter.open,
            read_prior_messages=adapter.read_prior_messages,
            is_secret=lambda text: names_secret_command(text, self.registry.specs),
        )
        return Context(
            event=event,
            spec=spec,
            settings=self.settings,
            calls=calls,
            conversation=conversation,
            effective=effective,
            defaults=effective.defaults_of(spec),
            price=price,
            workspace_apis=self.workspace_apis,
            quotas=self.quotas,
            spool=self.spool,
            composites=self.composites,
            schedules=self.schedules,
            journal=self.journal,
            ledger=self.ledger,
            reports=self.reports,
            audit_log=self.audit_log,
            questions=self.questions,
            policy=self.policy,
            directory=adapter,
            channels=adapter,
            values=self.values,
            commands=self.registry,
            seq=job.seq,
            controls=controls,
            reset=lambda: self.contexts.reset(job),
            personal_settings=lambda person: self.scoped.personal(name, person),
            forget_person=lambda person, workspace: self.maintenance.forget(name, person, workspace=workspace),
        )

    async def _run(self, cmd: Command, ctx: Context, job: Job, builder: OutcomeBuilder, progress: Progress) -> Outcome:
        """Run a command; the outcome of one that is too expensive to be made at once is a question."""
        self.policy.require_open(job, cmd.spec, ctx.effective)
        if ctx.event.has_own_api and not ctx.effective.has_own_api:  # it was not admitted at the operator's expense
            raise UsageError(translate("own_api.gone", ctx.event.actor.locale))
        question, note = await self.questions.ask_first(ctx.event, cmd.spec, ctx.effective, ctx.defaults)
        if question is not None:
            return Outcome(answer=question)
        async with aclosing(cmd.run(ctx)) as parts:
            async for part in parts:
                builder.add(part, progress)
        await builder.apply(ctx.effective, cmd.spec)
        note = "\n\n".join(part for part in (note, ctx.calls.footnote(), ctx.event.footnote) if part)
        outcome = builder.build(job, private=cmd.spec.is_private(ctx.event.options), note=note)
        if outcome.answer.is_empty and not cmd.may_be_silent:
            raise ValueError("a command has yielded nothing to be shown")
        return outcome

    def _calls(
        self,
        job: Job,
        builder: OutcomeBuilder,
        api: EventApi,
        effective: EffectiveSettings,
        too_expensive: frozenset[str],
    ) -> ModelCalls:
        assert builder.api_job is not None

        async def count_lost() -> None:
            if usage := await self.accounting.estimate_usage(job, builder):
                await self.ledger.add_usage(job, usage, is_reserved=not is_unreserved(builder))
                builder.is_posted, builder.has_lost = False, True
                if builder.entries is not None:
                    builder.entries.has_lost = True

        return ModelCalls(
            api=api,
            event=job.event,
            settings=self.settings,
            effective=effective,
            limits=self.limits,
            breaker=self.breaker,
            api_job=builder.api_job,
            is_repeated=job.is_repeated,
            count_lost=count_lost,
            count=lambda usage: builder.count(usage, job, self.ledger),
            expect=lambda usage: builder.expect(usage, self.quotas),
            too_expensive=too_expensive,
            on_fallback=self.on_fallback,
        )

    async def summary_calls(self, job: Job, effective: EffectiveSettings) -> tuple[ModelCalls, CallEntries]:
        """Return the calls for a summary after an event, and their entries in the ledger. Raises `StoreError`."""
        event = replace(job.event, id=f"{job.event.id}/summary", options={})
        api_job = ApiJob(self.values, event, self.background)
        builder = OutcomeBuilder(api_job=api_job)
        command = self.registry.find(job.event.command)
        assert command is not None
        expected = await self.quotas.expected(event, command.spec, "chat", effective)
        first = replace(job, attempt=1, ref=None)
        entries = CallEntries(quotas=self.quotas, job=first, api_job=api_job, expected=expected, is_afterwards=True)
        builder.entries = entries

        api = await self.api.for_event(event, effective, on_post=builder.note_post, before_post=entries.hook)
        too_expensive = await find_too_expensive(self.quotas, event, command.spec, effective)
        return self._calls(replace(first, event=event), builder, api, effective, too_expensive), entries

    def is_private(self, job: Job) -> bool:
        """Whether nobody else is to see anything of it: of a refusal, and of a private command."""
        if job.answer is not None and not job.answer.is_failure:
            return job.answer.private
        command = self.registry.find(job.event.command)
        return command is None or command.spec.is_private(job.event.options)

    async def is_paused(self, job: Job) -> bool:
        """Return whether an administrator has paused the place of a job."""
        return bool((await self.scoped.for_event(job.event)).paused())

    async def api_failure(self, error: Failure, job: Job, builder: OutcomeBuilder) -> Outcome:
        """Build the error message of a command that is not tried again."""
        note_failed_job(error, builder)
        return failure_outcome(
            error, job, (*builder.usage, *await self.accounting.unanswered_usage(error, job, builder))
        )
