"""An S3-compatible object store on this machine, which can go away and come back with what it had."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import boto3
import certifi
import pytest
from moto.server import ThreadedMotoServer


@dataclass(slots=True)
class ObjectStoreServer:
    """A server with one bucket; `settings`: of a service that keeps its files there."""

    bucket: str = field(default_factory=lambda: f"muse-{uuid4().hex[:8]}")
    tried: asyncio.Event = field(default_factory=asyncio.Event)  #: somebody wanted to reach it while it was away
    port: int = 0
    _server: Any = None
    _nobody: asyncio.Server | None = None

    def start(self) -> None:
        """Answer, with the objects of earlier runs."""
        self._server = ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self._server.start()
        self.port = self._server.get_host_and_port()[1]

    def stop(self) -> None:
        """Stop answering."""
        self._server.stop()

    async def go_away(self) -> None:
        """Close every connection until `come_back`."""

        def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.tried.set()
            writer.close()

        await asyncio.to_thread(self.stop)
        self.tried.clear()
        self._nobody = await asyncio.start_server(hang_up, "127.0.0.1", self.port)

    async def come_back(self) -> None:
        """Answer again."""
        assert self._nobody is not None
        self._nobody.close()
        await self._nobody.wait_closed()
        await asyncio.to_thread(self.start)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of a service that keeps its files here."""
        return {
            "bot_media_store": f"s3://{self.bucket}/files",
            "bot_s3_endpoint": f"http://127.0.0.1:{self.port}",
            "bot_s3_region": "us-east-1",
            "bot_s3_access_key": "tests",
            "bot_s3_secret_key": "secret-of-the-tests",
        }

    def objects(self) -> dict[str, bytes]:
        """Return every object's content by its key."""
        with closing(self._client()) as client:
            return {key: client.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in self.sizes()}

    def sizes(self) -> dict[str, int]:
        """Return every object's size by its key."""
        with closing(self._client()) as client:
            found = client.list_objects_v2(Bucket=self.bucket).get("Contents", ())
            return {one["Key"]: one["Size"] for one in found}

    def make_bucket(self) -> None:
        """Make the bucket."""
        with closing(self._client()) as client:
            client.create_bucket(Bucket=self.bucket)

    def put(self, key: str, content: bytes) -> None:
        """Keep an object, as others who use the bucket do."""
        with closing(self._client()) as client:
            client.put_object(Bucket=self.bucket, Key=key, Body=content)

    def _client(self) -> Any:
        url = f"http://127.0.0.1:{self.port}"
        keys = {"aws_access_key_id": "tests", "aws_secret_access_key": "tests"}
        return boto3.client("s3", endpoint_url=url, region_name="us-east-1", **keys)


@pytest.fixture
def object_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStoreServer]:
    """Run an object store with an empty bucket."""
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())  # obstore wants to know an authority, even for plain HTTP
    one = ObjectStoreServer()
    one.start()
    one.make_bucket()
    try:
        yield one
    finally:
        one.stop()
