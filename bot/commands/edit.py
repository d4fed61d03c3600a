"""`edit`: change the last picture, sound or video made here, in words."""

from bot.commands._base import Context, Parts, command
from bot.errors import UsageError
from bot.models import CommandSpec, Option


@command(
    CommandSpec(
        name="edit",
        description="Change the last picture, sound or video made here, in words.",
        options=(
            Option(name="prompt", description="What should be different", is_prompt=True, required=True),
            Option(name="number", description="Number of the file in /tree; left out: the last one", kind="integer"),
            Option(
                name="image",
                description="Change this picture instead, where the API can do that",
                kind="file",
                is_picture=True,
            ),
            Option.switch("mask", "The attached file is a mask: what is transparent in it may change"),
        ),
        example="edit the same at night",
    )
)
async def edit(ctx: Context) -> Parts:
    """Say that there is nothing to change; a change of a file arrives as the command that made it."""
    raise UsageError(ctx.translate("edit.nothing"))
    yield  # makes it a generator, as commands are
