"""A local model behind chat and code: llama.cpp with the smallest model that can be made, whose weights are random."""

import importlib.util
import os
import signal
from pathlib import Path

import httpx
import pytest

from sandbox.config import SandboxConfig
from sandbox.errors import SandboxError
from sandbox.server import Sandbox
from tests.support.llama_model import write_model

needs_llama = pytest.mark.skipif(
    not (importlib.util.find_spec("xllamacpp") and importlib.util.find_spec("gguf")),
    reason="xllamacpp and gguf are not installed",
)


@needs_llama
@pytest.mark.optional
async def test_a_model_file_answers_chat_and_code(tmp_path: Path) -> None:
    """llama.cpp answers in the API's shape; when its process is killed the next call has a new one."""
    write_model(tmp_path / "tiny.gguf")
    chat = {"model": "gpt-4-turbo", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 4}
    code = {"model": "codellama-70b", "prompt": "def f():", "max_tokens": 4}
    async with Sandbox(config=SandboxConfig(keys={}, gguf=tmp_path / "tiny.gguf")) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.api_key}"}
        async with httpx.AsyncClient(base_url=sandbox.base_url, headers=headers, timeout=120) as api:
            data = (await api.post("/chat/completions", json=chat)).json()["data"]
            assert data["model"] == "gpt-4-turbo"
            assert data["usage"]["completion_tokens"] <= 4
            assert data["usage"]["prompt_tokens"] > 0
            assert sandbox._state
            pid = sandbox._state.model.pid
            assert pid
            os.kill(pid, signal.SIGKILL)
            status = [(await api.post("/code/completions", json=code)).status_code for _ in range(2)]
    assert status[-1] == 200
    assert set(status) <= {200, 500}


@needs_llama
@pytest.mark.optional
async def test_a_file_that_is_no_model_is_an_error_each_time(tmp_path: Path) -> None:
    """What llama.cpp can't load is a 500 in the envelope, not the end of the sandbox."""
    (tmp_path / "broken.gguf").write_bytes(b"GGUF nonsense")
    chat = {"model": "gpt-4-turbo", "messages": [{"role": "user", "content": "hello"}]}
    async with Sandbox(config=SandboxConfig(keys={}, gguf=tmp_path / "broken.gguf")) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.api_key}"}
        async with httpx.AsyncClient(base_url=sandbox.base_url, headers=headers, timeout=120) as api:
            answers = [await api.post("/chat/completions", json=chat) for _ in range(2)]
    assert [answer.json()["error"]["type"] for answer in answers] == ["server_error"] * 2


async def test_a_missing_model_file_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting's name is in the sentence."""
    monkeypatch.setenv("SANDBOX_GGUF", "/nowhere/model.gguf")
    with pytest.raises(SandboxError, match="SANDBOX_GGUF"):
        async with Sandbox():
            pass
