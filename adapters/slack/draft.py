"""One answer on its way to Slack: posted at its first sign, edited, finished."""

import asyncio

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.address import Address
from adapters.slack.failures import delivering
from adapters.slack.roots import Roots
from adapters.slack.workspaces import Workspaces
from bot.models import Answer, Status

_LONGEST = 3900
_EVENT = "channelmuse_answer"
_PARENT = "channelmuse_request"


class SlackDraft:
    """One answer of one event. Its ref is `<thread>/<message>`, both a ts."""

    def __init__(self, workspaces: Workspaces, roots: Roots, address: Address, *, key: str, ref: str) -> None:
        self._workspaces = workspaces
        self._roots = roots
        self._address = address
        self._key = key
        thread, _, self._message = ref.partition("/")
        self._thread = thread or address.thread
        self._writing = asyncio.Lock()

    @property
    def ref(self) -> str:
        """Thread and message; "" before anything is posted."""
        return f"{self._thread}/{self._message}" if self._message else ""

    async def status(self, status: Status) -> None:
        """Show what is being done."""
        await self._show(status.text)

    async def write(self, text: str) -> None:
        """Show the text so far."""
        await self._show(text)

    async def finish(self, answer: Answer) -> None:
        """Show exactly this answer."""
        if answer.is_empty or answer.private:
            await self._remove()
        if answer.private:
            with delivering():
                client = await self._client()
                await client.chat_postEphemeral(
                    channel=self._address.channel,
                    user=self._address.user,
                    thread_ts=self._thread or None,
                    text=answer.text[:_LONGEST],
                )
        elif not answer.is_empty:
            await self._show(answer.text)

    async def _client(self) -> AsyncWebClient:
        return await self._workspaces.client(self._address.team, self._address.enterprise)

    async def _remove(self) -> None:
        if self._message:
            with delivering():
                await (await self._client()).chat_delete(channel=self._address.channel, ts=self._message)
            self._message = ""

    async def _show(self, text: str) -> None:
        async with self._writing:
            client = await self._client()
            with delivering():
                if self._message:
                    await client.chat_update(channel=self._address.channel, ts=self._message, text=text[:_LONGEST])
                    return
                if not self._thread and self._address.parent:
                    self._thread = await self._post(client, self._address.parent, _PARENT)
                    address = self._address
                    await self._roots.put(address.owner, address.channel, self._thread, address.conversation)
                self._message = await self._post(client, text, _EVENT)

    async def _post(self, client: AsyncWebClient, text: str, kind: str) -> str:
        sent = await client.chat_postMessage(
            channel=self._address.channel,
            thread_ts=self._thread or None,
            text=text[:_LONGEST],
            metadata={"event_type": kind, "event_payload": {"key": self._key}},
        )
        return str(sent["ts"])
