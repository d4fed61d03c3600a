"""Chat through llama.cpp, in the worker process. Needs `xllamacpp` and a GGUF file."""

from functools import cache
from typing import Any

CONTEXT = 4096  #: tokens


@cache
def _server(path: str) -> Any:
    import xllamacpp  # type: ignore[import-not-found, import-untyped, unused-ignore]

    params = xllamacpp.CommonParams()
    params.model.path = path
    params.n_ctx = CONTEXT
    params.n_parallel = 1
    params.warmup = False
    params.verbosity = 0
    return xllamacpp.Server(params)


def chat(*, path: str, messages: list[dict[str, str]], max_tokens: int, temperature: float) -> dict[str, Any]:
    """Answer a conversation in the OpenAI shape. The model is loaded at the first call."""
    request = {"messages": messages, "max_tokens": max_tokens, "temperature": temperature}
    answer = _server(path).handle_chat_completions(request)
    if "choices" not in answer:
        raise RuntimeError(str(answer.get("error") or answer.get("message") or answer))
    result: dict[str, Any] = answer
    return result
