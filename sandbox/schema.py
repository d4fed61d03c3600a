"""The bodies of the documented requests, with their defaults and limits."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

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


class MediaBody(Body):
    """Base of the bodies of media requests."""

    model: str
