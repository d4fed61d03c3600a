"""An OpenAI-compatible server gets the picture that is changed; on the whole service."""

import base64
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.support.media_files import image
from tests.support.scripted_api import ScriptedApi, chat_data
from tests.support.service import service

GENERATED, EDITED, MASK = image("PNG"), image("JPEG"), image("PNG", compress_level=1)


@dataclass
class OpenAiServer:
    """A server that takes `POST /images/edits` as https://platform.openai.com/docs/api-reference/images/createEdit.

    A form: `image`, a file, and `prompt` are required; `mask` is a PNG file; `model`, `n` and `size` are fields.
    """

    api: ScriptedApi
    has_edits: bool = True
    forms: list[dict[str, Any]] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/chat/completions"):
            asked = (await request.json())["messages"]
            return web.json_response(chat_data(f"re: {asked[-1]['content']}" if asked else ""))
        if request.path.endswith("/images/generations"):
            self.prompts.append((await request.json())["prompt"])
            return web.json_response({"data": [{"b64_json": base64.b64encode(GENERATED).decode()}]})
        assert request.path.endswith("/images/edits")
        if not self.has_edits:
            return web.json_response({"error": {"message": "Not Found"}}, status=404)
        form = await self.api.requests[-1].form()
        name, content_type, picture = form.pop("image", (None, "", b""))
        if name is None or not form.get("prompt"):
            message = "Missing required parameter: 'image'."
            return web.json_response({"error": {"message": message, "type": "invalid_request_error"}}, status=400)
        name, mask_type, mask = form.pop("mask", (None, "", b""))
        assert name is None or mask_type == "image/png"
        fields = {name: value.decode() for name, (_, _, value) in form.items()}
        self.forms.append({**fields, "image": (content_type, picture), "mask": mask})
        return web.json_response({"data": [{"b64_json": base64.b64encode(EDITED).decode()}]})


async def test_the_picture_itself_is_edited(tmp_path: Path) -> None:
    """The last picture, with a mask or without, or an attached one; a server without the endpoint gets new prompts."""
    async with service(tmp_path, aimodels_api_flavor="openai") as one:
        server = OpenAiServer(one.api)
        one.api.play(server)
        await one.ask("a red fox", command="image", options={"size": "1024x1024"})
        dark = await one.ask("make it darker")
        sent = {"model": "seeddream-4.0", "prompt": "make it darker", "n": "1", "size": "1024x1024"}
        assert server.forms == [{**sent, "image": ("image/png", GENERATED), "mask": b""}]
        assert not dark.text.startswith(">")
        [file] = dark.files
        assert (file["bytes"], file["type"]) == (len(EDITED), "image/jpeg")
        attached = {"encoding": "latin-1", "files": {"m.png": MASK.decode("latin-1")}}
        await one.ask("a hat there", command="edit", options={"mask": "yes"}, **attached)
        assert server.forms[1]["image"] == ("image/jpeg", EDITED)
        assert server.forms[1]["mask"] == MASK
        await one.ask("make it blue", **attached)
        assert server.forms[2]["image"] == ("image/png", MASK)
        tree = (await one.ask("", command="tree")).text.splitlines()
        assert [len(line) - len(line.lstrip()) for line in tree[2:]] == [0, 2, 4, 0]
        assert "a red fox, make it darker, a hat there" in tree[4]
        server.has_edits = False
        await one.ask("the same at night", command="edit", options={"number": "1"})
        assert server.prompts[-1] == "re: Prompt: a red fox\nChange: the same at night"
        assert "change a picture that is given" in (await one.ask("in blue", command="edit", **attached)).text
        assert len(server.forms) == 3
