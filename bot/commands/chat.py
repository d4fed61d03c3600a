"""`chat`: ask the model, with this conversation's context and the attached files."""

from contextlib import aclosing

from aimodels.errors import UnexpectedAnswer
from bot.calls.token_usage import to_usage
from bot.commands._aloud import aloud_actions
from bot.commands._base import Context, Parts, command
from bot.commands._family import find_wording
from bot.commands._media import feedback_actions, retry_action
from bot.commands._memory import memory_actions, offer_to_remember, store_offer
from bot.commands._voice import transcribe_sounds
from bot.conversation.links import find_links
from bot.conversation.small_talk import is_small_talk
from bot.conversation.sounds import is_sound
from bot.errors import UsageError
from bot.models import Action, Actions, CommandSpec, Option, Status, Text, TurnRecord
from bot.scoped_settings.names import ANSWER_TOKENS, LINKS, STREAMING, TEMPERATURE


@command(
    CommandSpec(
        name="chat",
        description="Ask anything; the conversation so far and attached files are read along.",
        aliases=("ask",),
        options=(
            Option(name="prompt", description="What to say", is_prompt=True, required=True),
            Option(name="model", description="Answer with this model, once", models="chat"),
        ),
        kind="chat",
        example="chat explain list comprehensions in Python",
        prices_itself="with sounds",
    )
)
async def chat(ctx: Context) -> Parts:
    """Stream the answer."""
    prompt = ctx.event.prompt if ctx.event.attachments else ctx.prompt()
    files = (*ctx.event.attachments, *await ctx.conversation.load_prior_messages())
    if any(map(is_sound, files)):
        yield Status(ctx.translate("voice.listening"))
    transcripts = await transcribe_sounds(ctx, files)
    if transcripts.question is not None:
        yield Text(transcripts.question.text)
        yield Actions(transcripts.question.actions)
        return
    wording = await find_wording(ctx, prompt, spoken=transcripts.words)
    prompt = wording.prompt
    model = ctx.option("model") or ctx.effective.model("chat")
    links = find_links(prompt, ctx.effective.get(LINKS))
    attachments = (*transcripts.others, *links)
    if attachments:
        yield Status(ctx.translate("chat.reading_links" if links else "chat.reading"))
    async with ctx.conversation.read_attachments(attachments, model=model) as attached:
        text = transcripts.full_prompt(prompt, attached.text)
        if attached.is_unread and not transcripts.full_prompt(prompt, "").strip():  # there is nothing to ask
            raise UsageError("\n".join(attached.notes))
        yield TurnRecord(user=text)
        yield Status(ctx.translate("chat.making"))
        notes = "".join(f"> {note}\n" for note in (*transcripts.notes, *attached.notes))
        if shown := wording.note + transcripts.quote + (notes and notes + "\n"):
            yield Text(shown)
        pieces: list[str] = []
        usage = finish_reason = None
        offer = await offer_to_remember(ctx, prompt)
        messages = await ctx.conversation.build_messages(text, attached.image_urls, hint=offer.hint)
        answer = ctx.calls.stream(
            "chat",
            model,
            lambda api: api.stream_chat,
            messages=messages,
            max_tokens=ctx.effective.integer(ANSWER_TOKENS),
            temperature=ctx.effective.number(TEMPERATURE),
            is_whole=not ctx.effective.is_on(STREAMING),
            **ctx.extra_parameters,
        )
        async with aclosing(answer) as deltas:
            async for delta in deltas:
                usage, finish_reason = delta.usage or usage, delta.finish_reason or finish_reason
                if delta.text:
                    pieces.append(delta.text)
                    yield Text(delta.text)
        if not (answered := "".join(pieces)).strip():
            raise UnexpectedAnswer("choices[0].message.content is empty")
        is_cut = finish_reason == "length"
        yield to_usage("chat", ctx.calls.answered_by, usage)
        stored, offered = await store_offer(ctx, offer)
        read = "\n\n" + ctx.translate("chat.pages", pages=ctx.join_list(attached.pages)) if attached.pages else ""
        cut = "\n\n" + ctx.translate("chat.cut") if is_cut else ""
        if ending := read + cut + stored + transcripts.price_note:
            yield Text(ending)
        memory = (*offered, *memory_actions(ctx))
        is_small = not (is_cut or attachments) and is_small_talk(prompt)
        more = (*memory, *aloud_actions(ctx, answered))
        yield Actions(memory if is_small else _actions(ctx, more, is_cut=is_cut))


def _actions(ctx: Context, more: tuple[Action, ...], *, is_cut: bool) -> tuple[Action, ...]:
    return (retry_action(ctx), *([continued(ctx)] if is_cut else []), *more, *feedback_actions(ctx))


def continued(ctx: Context) -> Action:
    """Build the button that asks for the continuation of the answer."""
    return Action(
        name="continue", label=ctx.translate("action.continue"), command="chat", prompt=ctx.translate("chat.continue")
    )
