"""POST /moderations: which texts and pictures an OpenAI-compatible server flags."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from aimodels.errors import UnexpectedAnswer

MODERATIONS_ENDPOINT = "/moderations"


def _set_categories(value: object) -> object:
    """Leave out what is no category or is null, as servers other than OpenAI's send it."""
    return {name: is_flagged for name, is_flagged in value.items() if is_flagged} if isinstance(value, dict) else value


class ModerationResult(BaseModel):
    """The verdict on one input."""

    model_config = ConfigDict(extra="ignore")

    flagged: bool
    categories: Annotated[dict[str, bool], BeforeValidator(_set_categories)] = Field(default_factory=dict)


class Moderation(BaseModel):
    """The verdicts on all inputs, in their order."""

    model_config = ConfigDict(extra="ignore")

    results: list[ModerationResult] = Field(min_length=1)

    @property
    def flagged(self) -> tuple[str, ...]:
        """The categories of everything that is flagged; one that has no category is "other"."""
        found = (name for result in self.results if result.flagged for name in result.categories or ("other",))
        return tuple(dict.fromkeys(found))


def parse_moderation(raw: bytes) -> Moderation:
    """Parse an answer. Raises `UnexpectedAnswer`."""
    try:
        return Moderation.model_validate_json(raw)
    except ValidationError as exc:
        raise UnexpectedAnswer("the API's moderation has no results with flagged") from exc
