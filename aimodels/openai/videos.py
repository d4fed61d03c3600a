"""POST /videos: a form in, a job out, whose file is an endpoint of its own."""

from collections.abc import Mapping

from pydantic_core import to_json

from aimodels.openai.forms import form_request
from aimodels.request import Request

VIDEOS_ENDPOINT = "/videos"


def video_request(fields: Mapping[str, object], image: str | None) -> Request:
    """Build the request; `image` is an https or data URL. Raises `ConfigurationError` for a broken data URL."""
    if image is not None and not image.startswith("data:"):
        # A form has files only: an address is sent as the JSON form of the same request.
        return Request(VIDEOS_ENDPOINT, to_json({**fields, "input_reference": {"image_url": image}}))
    return form_request(VIDEOS_ENDPOINT, fields, {} if image is None else {"input_reference": image})
