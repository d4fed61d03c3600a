"""`POST /images/generations`."""

from typing import Literal

from pydantic import Field

from aimodels.reference import IMAGE_ENDPOINT
from sandbox.docs import example
from sandbox.endpoints._base import Data, FileUrl, MediaEndpoint, MediaTools, pixels
from sandbox.media.prompt_words import words_shown
from sandbox.schema import MediaBody, Prompt

Size = Literal["512x512", "1024x1024", "2048x2048"]
Style = Literal["digital-art", "photo-realistic", "anime"]


class ImageBody(MediaBody):
    """Body of an image request."""

    model: str = Field(description="Model id.", examples=["seeddream-4.0"])
    prompt: Prompt = Field(description="What to show.", examples=["a beautiful sunset over the ocean, digital art"])
    n: int = Field(1, ge=1, le=4, description="How many, 1 to 4.")
    size: Size = Field("1024x1024", description="Width and height in pixels.")
    style: Style = Field("digital-art", description="Art style.")


async def generate(tools: MediaTools, body: ImageBody, url: FileUrl) -> Data:
    """Generate the images, one after the other."""
    width, height = pixels(body.size)
    images = []
    for index in range(body.n):
        content, content_type = await tools.worker.run(
            "sandbox.media.image:render_image",
            prompt=body.prompt,
            width=width,
            height=height,
            style=body.style,
            index=index,
        )
        path = tools.files.save("image", content, content_type)
        images.append({"url": url(path), "width": width, "height": height, "sandbox_words": words_shown(body.prompt)})
    return {"images": images, "usage": {"images": body.n, "cost": 0.0}}


ENDPOINT = MediaEndpoint(
    kind="image",
    path=IMAGE_ENDPOINT,
    summary="Make pictures",
    body=ImageBody,
    responses=example(
        "The pictures.",
        {
            "images": [{"url": "http://127.0.0.1:8081/files/image-1.png", "width": 1024, "height": 1024}],
            "usage": {"images": 1, "cost": 0.0},
        },
    ),
    generate=generate,
)
