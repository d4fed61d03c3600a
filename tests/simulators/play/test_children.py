"""The programs beside the pages of `make play`."""

import asyncio
import socket
import sys
from contextlib import closing
from pathlib import Path

import pytest

from simulators.play.session import wait_for_answer

_ENDLESS = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
    connection.recv(1)
"""
_PLAY = """
import asyncio, sys
from pathlib import Path
from simulators.play.children import Child
async def main():
    folder = Path(sys.argv[1])
    await Child("endless", ("endless", sys.argv[2]), folder, {}, code=folder).start()
    await asyncio.Event().wait()
asyncio.run(main())
"""


async def test_the_pages_of_the_service_are_led_to_once_they_answer() -> None:
    """Not while it starts."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        waiting = asyncio.create_task(wait_for_answer(f"http://127.0.0.1:{listener.getsockname()[1]}/cockpit"))
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*listener.getsockname())
        assert not waiting.done()
        listener.listen()
        await waiting


@pytest.mark.programs
async def test_a_program_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """Even where that one gets no chance to end it."""
    (tmp_path / "endless.py").write_text(_ENDLESS)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        port = str(listener.getsockname()[1])
        play = await asyncio.create_subprocess_exec(sys.executable, "-c", _PLAY, str(tmp_path), port)
        loop = asyncio.get_running_loop()
        connection, _ = await loop.sock_accept(listener)
        with closing(connection):
            play.kill()
            await play.wait()
            assert await loop.sock_recv(connection, 1) == b"", "it has ended"
