"""A local model behind chat and code: llama.cpp with the smallest model that can be made, whose weights are random."""

import importlib.util
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.config import SandboxConfig
from sandbox.errors import SandboxError
from sandbox.server import Sandbox

WIDTH = 32
FEED_FORWARD = 64
needs_llama = pytest.mark.skipif(
    not (importlib.util.find_spec("xllamacpp") and importlib.util.find_spec("gguf")),
    reason="xllamacpp and gguf are not installed",
)


def write_model(path: Path) -> None:
    """One layer, one token a byte."""
    import gguf  # type: ignore[import-not-found, import-untyped, unused-ignore]
    import numpy as np

    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁"]
    writer: Any = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(2)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // 2)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types([2, 3, 3, *([6] * 256), 1])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}")
    random = np.random.default_rng(0)

    def add(name: str, shape: Sequence[int]) -> None:
        values = random.standard_normal(shape) * 0.1 if len(shape) > 1 else np.ones(shape)
        writer.add_tensor(f"{name}.weight", values.astype(np.float32))

    add("token_embd", (len(tokens), WIDTH))
    add("output", (len(tokens), WIDTH))
    add("output_norm", (WIDTH,))
    for name in ("attn_norm", "ffn_norm"):
        add(f"blk.0.{name}", (WIDTH,))
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        add(f"blk.0.{name}", (WIDTH, WIDTH))
    add("blk.0.ffn_gate", (FEED_FORWARD, WIDTH))
    add("blk.0.ffn_up", (FEED_FORWARD, WIDTH))
    add("blk.0.ffn_down", (WIDTH, FEED_FORWARD))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


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
