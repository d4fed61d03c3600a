"""Event → command → parts, gathered into an outcome; an error becomes a sentence."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import structlog

from aimodels import AsyncAIModels
from aimodels.errors import ApiError
from bot.commands import Context, Registry
from bot.conversation.context import Conversation
from bot.conversation.preferences import Preferences
from bot.errors import BotError, UsageError
from bot.i18n import translate
from bot.media import Spool
from bot.models import Action, Actions, Answer, Job, Media, Outcome, Part, Status, Text, Turn, TurnRecord, Usage
from bot.pipeline.delivery import Progress
from bot.pipeline.error_messages import apology
from bot.ports import Adapter, Store
from bot.settings.core import Settings

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Gathered:
    """What a command has yielded so far."""

    text: str = ""
    media: list[Media] = field(default_factory=list)
    actions: tuple[Action, ...] = ()
    usage: list[Usage] = field(default_factory=list)
    remember: TurnRecord | None = None
    conversation: Conversation | None = None  #: as the command has seen it

    def add(self, part: Part, progress: Progress) -> None:
        """Take in one part and show what can be seen of it."""
        match part:
            case Text(delta):
                self.text += delta
                progress.write(self.text)
            case Status():
                progress.status(part)
            case Media():
                self.media.append(part)
            case Actions(actions):
                self.actions = actions
            case Usage():
                self.usage.append(part)
            case TurnRecord():
                self.remember = part

    def outcome(self, job: Job, *, private: bool, note: str = "") -> Outcome:
        """The answer with all that it leaves behind; `note` is added to the text, not to the memory."""
        text = "\n\n".join(part for part in (self.text, note) if part)
        answer = Answer(text=text, media=tuple(self.media), actions=self.actions, private=private)
        return Outcome(answer=answer, turns=self._turns(job), usage=tuple(self.usage))

    def _turns(self, job: Job) -> tuple[Turn, ...]:
        if self.remember is None:
            return ()
        said = self.text if self.remember.assistant is None else self.remember.assistant
        if not said:
            return ()
        actor, event = job.event.actor, job.event.id
        prior = self.conversation.prior_turns if self.conversation is not None else ()
        return (
            *prior,
            Turn(role="user", content=self.remember.user, speaker=actor.name, actor=actor.id, event=event),
            Turn(role="assistant", content=said, actor=actor.id, event=event),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatcher:
    """Runs the command of an event. One for the service."""

    registry: Registry
    settings: Settings
    store: Store
    api: AsyncAIModels
    spool: Spool
    adapters: Mapping[str, Adapter]

    async def run(
        self,
        job: Job,
        gathered: Gathered,
        progress: Progress,
        *,
        stop: Callable[[], Awaitable[int]],
        cancel: Callable[[str, str], Awaitable[bool]],
    ) -> Outcome:
        """Run the command to its end, or to a sentence that says why not.

        Raises `ApiError` only when the same request may succeed later; everything else becomes an outcome.
        """
        event = job.event
        command = self.registry.find(event.command)
        if command is None:
            return refusal(translate("usage.gone", event.actor.locale, command=event.command))

        def waiting(seconds: float, _reason: str) -> None:
            progress.status(Status(translate("status.waiting", event.actor.locale, seconds=max(1, round(seconds)))))

        adapter = self.adapters[event.adapter]
        preferences = Preferences(self.store, self.settings, event)
        gathered.conversation = Conversation(
            store=self.store,
            settings=self.settings,
            event=event,
            preferences=preferences,
            open_attachment=adapter.open,
            read_prior_messages=adapter.earlier,
        )
        context = Context(
            event=event,
            spec=command.spec,
            settings=self.settings,
            api=self.api.for_caller(f"{event.adapter}:{event.actor.id}", on_wait=waiting),
            conversation=gathered.conversation,
            preferences=preferences,
            spool=self.spool,
            store=self.store,
            commands=self.registry,
            seq=job.seq,
            stop=stop,
            cancel=lambda named: cancel(event.adapter, named),
        )
        try:
            async with aclosing(command.run(context)) as parts:
                async for part in parts:
                    gathered.add(part, progress)
        except UsageError as exc:
            return refusal(str(exc))
        except ApiError as exc:
            log.warning("api error", error=type(exc).__name__, status=exc.status, code=exc.code, message=exc.message)
            if exc.is_retryable:
                raise
            return failure(exc, job, gathered.usage)
        except BotError as exc:
            log.warning("command failed", error=type(exc).__name__, reason=str(exc))
            return failure(exc, job, gathered.usage)
        except Exception as exc:  # whatever a command does wrong, the person who asked is told
            log.exception("command crashed")
            return failure(exc, job, gathered.usage)
        return gathered.outcome(job, private=command.spec.private)


def refusal(text: str) -> Outcome:
    """A private sentence and nothing to try again."""
    return Outcome(answer=Answer(text=text, private=True))


def failure(error: Exception, job: Job, usage: Sequence[Usage]) -> Outcome:
    """A private apology with a button to try again; what was used on the way is counted."""
    locale = job.event.actor.locale
    again = Action(
        name="retry", label=translate("action.retry", locale), command="retry", options={"event": job.event.id}
    )
    text = apology(error, locale, event_id=job.event.id)
    return Outcome(answer=Answer(text=text, actions=(again,), private=True), usage=tuple(usage))
