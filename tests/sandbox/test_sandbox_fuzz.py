"""Any request gets an answer that the sandbox's own OpenAPI document declares, and never a failure of the server.

`FUZZ_EXAMPLES` sets the number of pairs of requests of each operation, for a longer run.
"""

import os
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from aimodels.reference import MODELS
from sandbox.server import Sandbox

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "3"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
LONGEST = 200  #: characters of a prompt
NEGATIVE = schemathesis.GenerationMode.NEGATIVE
#: The operations, each with its model and with values that keep a generated file small.
OPERATIONS: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/v1/chat/completions"): {"model": MODELS["chat"], "max_tokens": 50},
    ("POST", "/v1/code/completions"): {"model": MODELS["code"], "max_tokens": 50},
    ("POST", "/v1/images/generations"): {"model": MODELS["image"], "size": "512x512", "n": 1},
    ("POST", "/v1/audio/generations"): {"model": MODELS["audio"], "duration": 1},
    ("POST", "/v1/video/generations"): {"model": MODELS["video"], "duration": 1, "resolution": "640x360"},
    ("POST", "/v1/audio/speech"): {"model": MODELS["audio"], "voice": "alloy", "response_format": "wav"},
    ("POST", "/v1/audio/transcriptions"): {"model": "whisper-1"},
    ("POST", "/v1/moderations"): {"model": "omni-moderation-latest"},
    ("GET", "/v1/{kind}/generations/{id}"): {},
}
#: Their samples would have to be of something that was made before.
NOTHING_KNOWN = {"/v1/audio/transcriptions", "/v1/{kind}/generations/{id}"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """The sandbox behind a socket, on an event loop of its own."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(Sandbox()) as running:
        yield running


@pytest.fixture(scope="module")
def schema(sandbox: Sandbox) -> Any:
    """The sandbox's own OpenAPI document; a pattern for 32,000 characters would take a second of each operation."""
    document = httpx.get(root_of(sandbox) + "/openapi.json").json()
    for body in document["components"]["schemas"].values():
        for field in body.get("properties", {}).values():
            if "pattern" in field:
                field["maxLength"] = LONGEST
    return schemathesis.openapi.from_dict(document)


def root_of(sandbox: Sandbox) -> str:
    return sandbox.base_url.removesuffix("/v1")


def test_every_operation_is_tried(schema: Any) -> None:
    """What is documented is in the table above."""
    assert OPERATIONS.keys() == {(method.upper(), path) for path in schema for method in schema[path]}


@pytest.mark.parametrize("name", OPERATIONS, ids="-".join)
def test_every_answer_is_as_declared(name: tuple[str, str], sandbox: Sandbox, schema: Any) -> None:
    """Right and wrong bodies of every operation: the right ones and half of the wrong ones for its own model."""
    method, path = name
    operation, fields = schema[path][method], OPERATIONS[name]
    statuses: set[int] = set()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(right=operation.as_strategy(), wrong=operation.as_strategy(NEGATIVE), is_own=st.booleans())
    def run(right: Any, wrong: Any, *, is_own: bool) -> None:
        for case in (right, wrong):
            if isinstance(case.body, dict) and (is_own or case is right):
                case.body = {**case.body, **fields}
            case.headers["Authorization"] = f"Bearer {sandbox.api_key}"
            response = case.call(base_url=root_of(sandbox))
            case.validate_response(response, checks=CHECKS)
            statuses.add(response.status_code)

    run()
    assert 200 in statuses or path in NOTHING_KNOWN
    assert statuses - {401}
