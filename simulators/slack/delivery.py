"""A delivery to the app: one event, command or interaction, with its tries and its acknowledgement."""

import time
from dataclasses import dataclass, field
from typing import Any

from simulators.slack.spec.bodies import acknowledgement_faults
from simulators.slack.values import Json


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One event, command or interaction to deliver. `response` is the payload of its acknowledgement."""

    kind: str  #: "events_api", "slash_commands" or "interactive"
    body: Json
    made_at: float = field(default_factory=time.monotonic)
    statuses: list[int] = field(default_factory=list)  #: of every try over HTTP; 0: no answer
    tries: int = 0
    acknowledged_at: float | None = None  #: of `time.monotonic()`
    sent_at: float = 0.0  #: the first try
    response: Any = None
    is_given_up: bool = False
    faults: list[str] = field(default_factory=list)  #: what Slack does not take in the acknowledgement's payload

    def acknowledge(self, response: Any) -> None:
        """Note the first acknowledgement. With a payload that Slack does not take, the person sees an error."""
        if self.is_acknowledged:
            return
        self.faults = list(acknowledgement_faults(self.kind, self.body, response))
        if self.faults:
            self.is_given_up = True
        else:
            self.acknowledged_at, self.response = time.monotonic(), response

    @property
    def is_acknowledged(self) -> bool:
        return self.acknowledged_at is not None

    @property
    def is_done(self) -> bool:
        return self.is_acknowledged or self.is_given_up

    @property
    def event(self) -> Json:
        """The event inside, for those of the Events API."""
        return dict(self.body.get("event", {}))
