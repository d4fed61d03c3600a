"""The simulated Slack of the page: its workspace and people, what they see and do, and its part of the wire."""

import time
from typing import Any

from simulators.play.errors import PlayError
from simulators.play.slack_actions import VOICE_CLIP, SlackActions
from simulators.play.slack_view import view
from simulators.play.wire import Entry, Wire
from simulators.slack import Call, Delivery, SlackSimulator

Json = dict[str, Any]
_SLOW = 2.0  #: seconds by which each call is late on demand


class SlackSide:
    """The simulated Slack with what the page needs of it."""

    name = "slack"
    voice_message = VOICE_CLIP

    def __init__(self, wire: Wire) -> None:
        self.simulator = slack = SlackSimulator()
        self._wire = wire
        slack.team.name = "Lab"
        mei = slack.person("美玲", id="U0MEI", locale="zh-TW", is_admin=True)
        lin = slack.person("小林", id="U0LIN", locale="zh-CN")
        self.people = {one.id: one for one in (slack.ada, slack.bob, mei, lin)}
        slack.group("design", slack.bob, mei)
        slack.add_channel("random", id="C0RANDOM")
        slack.add_channel("leads", id="G0LEADS", is_private=True)
        slack.sender.pauses = (1.0, 5.0, 10.0)
        slack.trigger_lifetime = 10.0  # a page that is tried out shares the processor with the service
        self.actions = SlackActions(slack, self.people)
        self._calls: list[tuple[Call, Entry]] = []
        self._deliveries: list[tuple[Delivery, Entry]] = []
        self._seen_calls = self._seen_deliveries = 0

    @property
    def is_connected(self) -> bool:
        """Whether the service can be reached."""
        return bool(self.simulator.sockets.open)

    def label(self, number: str) -> Json:
        """A person, in the list of people to be."""
        user = self.people[number].user
        return {"name": user.name, "is_admin": user.is_admin}

    def read_manifest(self, manifest: Json) -> None:
        """Take over the app's registration: its events, commands and shortcuts."""
        self.simulator.manifest = manifest
        events = manifest.get("settings", {}).get("event_subscriptions", {}).get("bot_events", ())
        self.simulator.people.subscribed = set(events)

    def view(self, person: str, place: str, thread: str) -> Json:
        """The view of a person."""
        return view(self.simulator, self._person(person).id, place, thread)

    async def act(self, person: str, action: str, body: Json) -> Json:
        """Do something as a person. Raises `PlayError`."""
        method = None if action.startswith("_") else getattr(self.actions, action, None)
        if method is None or action in {"upload", "file"}:
            raise PlayError("Nobody can {action} here.", action=action)
        try:
            answer: Json = await method(self._person(person), body)
        except LookupError as exc:
            raise PlayError("That can't be done any more: {reason}", reason=str(exc)) from exc
        return answer

    def upload(self, person: str, name: str, content: bytes) -> str:
        """Keep a file; return its id."""
        return self.actions.upload(self._person(person), name, content)

    def file(self, number: str) -> tuple[bytes, str]:
        """The bytes and the media type of a file. Raises `PlayError`."""
        file = self.actions.file(number)
        return file.content or b"", file.mimetype

    def _person(self, number: str) -> Any:
        if number not in self.people:
            raise PlayError("There is no such person.")
        return self.people[number]

    # ---- faults

    async def send_again(self) -> str:
        """Deliver the last event of a person once more; return its name. Raises `PlayError`."""
        app = self.simulator.app_id
        for delivery in reversed(self.simulator.sender.deliveries):
            event = delivery.event
            if delivery.kind == "events_api" and event.get("app_id") != app and not event.get("subtype"):
                if event.get("type") not in {"message", "app_mention"} or not self.is_connected:
                    continue
                await self.simulator.sender.again(delivery)
                return str(event["type"])
        raise PlayError("Nothing was sent yet, or the service is not connected.")

    def slow_down(self, *, is_slow: bool) -> None:
        """Let each call of the Web API take two seconds longer, or no longer."""
        self.simulator.faults.delay = _SLOW if is_slow else 0.0

    # ---- the wire

    def collect(self) -> None:
        """Bring the wire up to date."""
        sent, calls = self.simulator.sender.deliveries, self.simulator.calls
        for delivery in sent[self._seen_deliveries :]:
            self._deliveries.append((delivery, self._wire.add(_delivery_entry(delivery))))
        for call in calls[self._seen_calls :]:
            self._calls.append((call, self._wire.add(_call_entry(call))))
        self._seen_deliveries, self._seen_calls = len(sent), len(calls)
        self._deliveries = [pair for pair in self._deliveries if not self._is_finished(*pair)]
        self._calls = [pair for pair in self._calls if not self._is_answered(*pair)]

    def _is_finished(self, delivery: Delivery, entry: Entry) -> bool:
        if delivery.is_done or delivery.tries > entry.tries:
            entry.tries = max(delivery.tries, 1)
            if delivery.acknowledged_at is not None:
                entry.status, entry.ended = "acknowledged", delivery.acknowledged_at
            elif delivery.is_given_up:
                entry.status, entry.is_wrong, entry.ended = "not acknowledged", True, time.monotonic()
            self._wire.touch(entry)
        return delivery.is_done

    def _is_answered(self, call: Call, entry: Entry) -> bool:
        if not call.ended:
            return False
        entry.ended = call.ended
        entry.status = "ok" if call.is_ok else str(call.answer.get("error") or call.status or "cut")
        entry.is_wrong = not call.is_ok
        self._wire.touch(entry)
        return True


def _delivery_entry(delivery: Delivery) -> Entry:
    if delivery.kind == "events_api":
        event = delivery.event
        title = " ".join(filter(None, (str(event.get("type")), event.get("subtype"))))
    elif delivery.kind == "slash_commands":
        title = f"slash command {delivery.body['command']}"
    else:
        title = str(delivery.body.get("type"))
    return Entry(
        platform="slack",
        kind="event",
        title=title,
        at=delivery.made_at,
        detail=lambda: {"sent": delivery.body, "acknowledged with": delivery.response},
    )


def _call_entry(call: Call) -> Entry:
    return Entry(
        platform="slack",
        kind="call",
        title=call.method,
        at=call.at,
        detail=lambda: {"arguments": call.params, "answer": call.answer},
    )
