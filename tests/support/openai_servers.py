"""OpenAI-compatible servers that are not ours: llama.cpp's, and a mock from npm. Each runs in a process of its own."""

import asyncio
import importlib.util
import json
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.llama_model import write_model

AIMOCK = Path(__file__).parent / "aimock"

_LLAMA = """
import sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx = 2048
params.n_parallel = 1
params.warmup = False
params.cpuparams.n_threads = 1
params.verbosity = 0
params.sampling.temp = 0
params.api_keys = ["sk-right"]
server = xllamacpp.Server(params)  # ends when it is collected
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@asynccontextmanager
async def llama_server(folder: Path) -> AsyncIterator[str]:
    """llama.cpp's server with a tiny model, whose key is sk-right; yields its base URL. Chat, and nothing else."""
    if not (importlib.util.find_spec("xllamacpp") and importlib.util.find_spec("gguf")):
        pytest.skip("xllamacpp and gguf are not installed")
    write_model(folder / "tiny.gguf")
    async with _serving(sys.executable, "-c", _LLAMA, str(folder / "tiny.gguf")) as url:
        yield f"{url}/v1"


@asynccontextmanager
async def aimock_server(folder: Path, answers: Sequence[tuple[str, str, Any]]) -> AsyncIterator[str]:
    """@copilotkit/aimock with answers by kind and prompt; yields its base URL. Chat, pictures, speech and /videos."""
    node = shutil.which("node")
    if node is None or not (AIMOCK / "node_modules").is_dir():
        pytest.skip(f"node is not installed, or npm ci --prefix {AIMOCK} was not run")
    script = folder / "answers.json"
    script.write_text(json.dumps(answers), encoding="utf-8")
    async with _serving(node, str(AIMOCK / "serve.mjs"), str(script)) as url:
        yield f"{url}/v1"


@asynccontextmanager
async def _serving(*command: str) -> AsyncIterator[str]:
    """A process that prints its address and ends with its input."""
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.stdin.close()
        await process.wait()
