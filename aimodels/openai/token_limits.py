"""The name of the parameter that bounds a chat answer: some models take `max_completion_tokens` only."""

from collections.abc import Mapping

from aimodels.errors import BadRequest

_DOCUMENTED = "max_tokens"
_RENAMED = "max_completion_tokens"


class TokenLimitNames:
    """The parameter's name for each model, learnt from refusals."""

    def __init__(self) -> None:
        self._renamed: set[object] = set()  # models

    def apply(self, body: Mapping[str, object]) -> Mapping[str, object]:
        """Return the request's body with the name that its model takes."""
        if body.get("model") not in self._renamed or _DOCUMENTED not in body:
            return body
        return {_RENAMED if name == _DOCUMENTED else name: value for name, value in body.items()}

    def learn(self, body: Mapping[str, object], refusal: BadRequest) -> bool:
        """Return whether the refused request may succeed under the other name, which is used from now on."""
        model = body.get("model")
        if _DOCUMENTED not in body or model in self._renamed or _RENAMED not in refusal.message:
            return False
        self._renamed.add(model)
        return True
