"""The simulated Slack without its people: its state, and the parts that act on it."""

from simulators.slack.consent import ConsentPage
from simulators.slack.event_sender import EventSender
from simulators.slack.modals import Modals
from simulators.slack.people.app_events import AppEvents
from simulators.slack.responses import ResponseUrls
from simulators.slack.sockets import Sockets
from simulators.slack.state import SlackState
from simulators.slack.storage import Storage


class SlackParts(SlackState):
    """Slack's state with the parts that act on it: what people and the methods of the Web API work with."""

    def __init__(self) -> None:
        super().__init__()
        self.sockets = Sockets(self)
        self.sender = EventSender(self, self.sockets)
        self.people = AppEvents(self, self.sender)
        self.modals = Modals(self)
        self.storage = Storage(self)
        self.consent = ConsentPage(self)
        self.responses = ResponseUrls(self)
