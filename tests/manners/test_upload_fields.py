"""Upload fields of forms offer the files that their command can use."""

from adapters.discord.ui.modals import build_modal as build_discord_modal
from adapters.slack.ui.modals import build_modal as build_slack_modal
from bot.models import CommandSpec, Option
from simulators.discord.spec.request_schemas import check
from simulators.slack.blocks.blocks import validate
from tests.support.core import RecordingCore

SPEC = CommandSpec(
    name="make",
    description="Make something.",
    options=(
        Option(name="image", description="A picture", kind="file", is_picture=True),
        Option(name="file", description="Any file", kind="file"),
    ),
)


def test_pictures_or_any_file() -> None:
    """On both platforms, as their documents have it."""
    modal = build_discord_modal(SPEC, SPEC.options, custom_id="x", locale="en").to_dict()
    uploads = [label["component"] for label in modal["components"]]
    assert [upload.get("file_types") for upload in uploads] == [["image"], None]
    check("POST", "interactions/{interaction}/{token}/callback", {"type": 9, "data": modal})
    signer = RecordingCore().signer("slack")
    view = build_slack_modal(SPEC, SPEC.options, callback_id="x", title="x", locale="en", signer=signer)
    fields = [block["element"] for block in validate(view["blocks"], surface="modal")]
    assert [field.get("filetypes") for field in fields] == [["png", "jpg", "jpeg", "gif", "webp"], None]
