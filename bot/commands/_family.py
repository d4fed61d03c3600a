"""Shared by commands that make files: what they are made from, changes in words, buttons that go on from them."""

from collections.abc import Mapping

import structlog

from bot.calls.token_usage import to_usage
from bot.commands._base import Context
from bot.conversation.attachments import EncodedImage
from bot.errors import UsageError
from bot.family.origins import BACK, CHANGE, PARENT, REPEATED, file_ref, find_file, generated
from bot.models import Action, Attachment, Kind, is_picture
from bot.scoped_settings.names import ANSWER_TOKENS, TEMPERATURE
from bot.values import valueclass

log = structlog.get_logger(__name__)

_LONGEST_PROMPT = 2000  # characters of a rewritten one
_MOST_CHANGES = 20  #: of one request, each made of the one before
_REWRITE = (
    "You rewrite prompts for a generator of texts, code, pictures, sounds and videos. You get a prompt and a change of "
    "it. Answer with the new prompt alone: the old one with the change applied and all else kept, in the language of "
    "the old one, without quotation marks and without any explanation."
)


@valueclass(frozen=True, slots=True)
class Wording:
    """The prompt of a request."""

    prompt: str
    parents: tuple[str, ...] = ()  #: references of the files that the new ones go on from
    note: str = ""  #: shown above the caption: how a change was understood


async def find_wording(ctx: Context, otherwise: str, *, spoken: str = "") -> Wording:
    """Return the prompt of the request: as given, or that of a file with the change that the person asks for.

    `otherwise`: the prompt of a request that changes nothing; `spoken`: words that belong to it as well. Raises
    `UsageError` when the file is gone, and what a request to the chat raises.
    """
    otherwise = f"{otherwise}\n\n{spoken}".strip() if spoken else otherwise
    ref = ctx.event.options.get(PARENT, "")
    if ctx.event.options.get(REPEATED, ""):
        first, changes = await _find_repeated(ctx)
        first = f"{first}\n\n{spoken}".strip() if spoken else first
        return await _reword(ctx, first, "\n".join(changes), (ref,) if ref else ())
    if not ref:
        return Wording(otherwise)
    found = await find_file(ctx.journal, ctx.event.adapter, ctx.event.conversation, ref)
    if ctx.event.options.get(CHANGE, "") != "yes":
        return Wording(otherwise, (ref,) if found is not None else ())
    if found is None:
        raise UsageError(ctx.translate("edit.gone"))
    return await _reword(ctx, found[1].description, ctx.prompt(), (ref,))


async def _reword(ctx: Context, first: str, change: str, parents: tuple[str, ...]) -> Wording:
    """Return a prompt with a change of it, which is shown."""
    prompt = await _rewrite(ctx, first, change)
    return Wording(prompt, parents, "".join(f"> {line}\n" for line in prompt.splitlines()) + "\n")


async def _find_repeated(ctx: Context) -> tuple[str, list[str]]:
    """Return the prompt that the event repeats, and the changes of it, the oldest first.

    Raises `UsageError` when it is gone.
    """
    event, changes = ctx.event, [ctx.prompt()]
    ref = event.options.get(PARENT, "")
    if ref and (found := await find_file(ctx.journal, event.adapter, event.conversation, ref)) is not None:
        return found[1].description, changes
    name = event.options[REPEATED]
    for _ in range(_MOST_CHANGES):
        job = await ctx.journal.job(event.adapter, name)
        if job is None or job.event.conversation != event.conversation:
            break
        if files := generated(job):
            return files[0].description, changes
        options = job.event.options
        name = options.get(REPEATED, "") or (options.get(CHANGE, "") and options.get(PARENT, "").rpartition("#")[0])
        if not name:
            return job.event.prompt, changes
        changes.insert(0, job.event.prompt)
    raise UsageError(ctx.translate("again.gone"))


@valueclass(frozen=True, slots=True)
class PictureEdit:
    """A change that the API makes of a picture itself."""

    image: str  #: data URL
    mask: str | None  #: data URL of a picture that is transparent where the other may change
    words: str
    wording: Wording  #: of the answer


async def find_edit(ctx: Context) -> PictureEdit | None:
    """Return the change of a picture that the API is to make; None: there is none, or its prompt is changed instead.

    Raises `UsageError` for an attached picture that can't be changed.
    """
    event = ctx.event
    if event.options.get(CHANGE, "") != "yes":
        return None
    if not ctx.api.edits_pictures:
        if event.attachments:
            raise UsageError(ctx.translate("edit.no_edits"))
        return None
    words, ref = ctx.prompt(), event.options.get(PARENT, "")
    attached: list[str] = []
    for attachment in event.attachments:
        if len(attached) < (1 if ref else 2) and (url := await _picture_url(ctx, attachment)):
            attached.append(url)
    if event.attachments and not attached:
        raise UsageError(ctx.translate("video.not_a_picture", name=event.attachments[0].name))
    if not ref:
        image, mask, wording = attached[0], attached[1:], Wording(words)
    else:
        found = await find_file(ctx.journal, event.adapter, event.conversation, ref)
        kept = await ctx.spool.find(found[1]) if found is not None else None
        if found is None or kept is None:
            raise UsageError(ctx.translate("edit.gone"))
        whole = b"".join([piece async for piece in kept.read(0, kept.size)])
        image, mask = EncodedImage(found[1].content_type, whole).data_url, attached
        wording = Wording(f"{found[1].description}, {words}", (ref,))
    return PictureEdit(image, mask[0] if mask else None, words, wording)


async def _picture_url(ctx: Context, attachment: Attachment) -> str:
    """Return an attached picture as a data URL, "" for another file."""
    async with ctx.conversation.whole_file(attachment) as file:
        return EncodedImage(file.content_type, file.data).data_url if is_picture(file.content_type) else ""


async def _rewrite(ctx: Context, prompt: str, change: str) -> str:
    """Apply a change to a prompt: by the chat, or by adding it where there is none."""
    added = f"{prompt}, {change}"
    if not ctx.commands.offers("chat"):
        return added
    answer = await ctx.calls.ask(
        "chat",
        ctx.effective.model("chat"),
        lambda api: api.complete,
        messages=[
            {"role": "system", "content": _REWRITE},
            {"role": "user", "content": f"Prompt: {prompt}\nChange: {change}"},
        ],
        max_tokens=ctx.effective.integer(ANSWER_TOKENS),
        temperature=ctx.effective.number(TEMPERATURE),
    )
    await ctx.calls.count(to_usage("chat", ctx.calls.answered_by, answer.data.usage))
    return answer.data.choices[0].message.content.strip().strip('"')[:_LONGEST_PROMPT] or added


def family_actions(ctx: Context, kind: Kind, prompt: str, options: Mapping[str, str]) -> tuple[Action, ...]:
    """Build the buttons that go on from the first file of this answer, and that go back to it.

    A picture's branch is a change in words; a sound's and a video's is its prompt, to be worded anew.
    """
    ref = file_ref(ctx.event.id)
    is_picture = kind == "image"
    branch = Action(
        name="branch",
        label=ctx.translate("action.branch"),
        command="edit" if is_picture else ctx.spec.name,
        prompt="" if is_picture else prompt,
        options={PARENT: ref, **({} if is_picture else options)},
        prompts_for=("prompt",),
    )
    back = Action(name="back", label=ctx.translate("action.back"), command=BACK, options={PARENT: ref})
    return branch, back
