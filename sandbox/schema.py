"""The bodies of the documented requests, with their defaults and limits."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Size = Literal["512x512", "1024x1024", "2048x2048"]
Style = Literal["digital-art", "photo-realistic", "anime"]
Resolution = Literal["640x360", "1280x720", "1920x1080", "720x1280", "1080x1920", "1080x1080"]
Prompt = Annotated[str, StringConstraints(min_length=1, max_length=32_000, pattern=r"\S")]


class Body(BaseModel):
    """Base of all bodies: unknown parameters are ignored."""

    model_config = ConfigDict(extra="ignore")


class Message(Body):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"] = Field(description="Who said it.")
    content: str | list[dict[str, Any]] = Field(description="Text, or content parts (`text`, `image_url`).")

    @property
    def text(self) -> str:
        """The text; images are replaced by a placeholder."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(
            str(part.get("text", "")) if part.get("type") == "text" else "[image: attached]" for part in self.content
        )


class ChatBody(Body):
    """Body of a chat request."""

    model: str = Field(description="Model id.", examples=["gpt-4-turbo"])
    messages: list[Message] = Field(
        min_length=1,
        description="The conversation, oldest first.",
        examples=[[{"role": "user", "content": "My name is Ada. What is 6 * 7?"}]],
    )
    temperature: float = Field(0.7, ge=0, le=2, description="Randomness, 0 to 2. The sandbox's rules have none.")
    max_tokens: int = Field(2048, ge=1, le=1_000_000, description="Longest answer, in tokens.")
    stream: bool = Field(False, description="Answer with server-sent events (not in the API's reference).")


class CodeBody(Body):
    """Body of a code request."""

    model: str = Field(description="Model id.", examples=["codellama-70b"])
    prompt: Prompt = Field(
        description="A request in words, or the beginning of the code.", examples=["def fibonacci(n):"]
    )
    language: str = Field("python", min_length=1, max_length=40, description="Programming language.")
    max_tokens: int = Field(2048, ge=1, le=1_000_000, description="Longest answer, in tokens.")


class ImageBody(Body):
    """Body of an image request."""

    model: str = Field(description="Model id.", examples=["seeddream-4.0"])
    prompt: Prompt = Field(description="What to show.", examples=["a beautiful sunset over the ocean, digital art"])
    n: int = Field(1, ge=1, le=4, description="How many, 1 to 4.")
    size: Size = Field("1024x1024", description="Width and height in pixels.")
    style: Style = Field("digital-art", description="Art style.")


class AudioBody(Body):
    """Body of an audio request."""

    model: str = Field(description="Model id.", examples=["audiogen"])
    prompt: Prompt = Field(description="What to hear.", examples=["gentle rain and thunder in the background"])
    duration: float = Field(10, ge=1, le=300, description="Seconds, 1 to 300.", examples=[30])
    format: Literal["mp3", "wav"] = Field("mp3", description="File format.")


class VideoBody(Body):
    """Body of a video request."""

    model: str = Field(description="Model id.", examples=["videogen-pro"])
    prompt: Prompt = Field(description="What to show.", examples=["a cat playing with a ball of yarn"])
    duration: float = Field(5, ge=1, le=30, description="Seconds, 1 to 30.", examples=[3])
    resolution: Resolution = Field("1280x720", description="Width and height in pixels.")
    image: str | None = Field(
        None, description="A picture to start from: a data URL, or the URL of a file made by this sandbox."
    )
