"""The parts that the receiving side shares."""

from adapters.slack.connection.workspaces import Workspaces
from adapters.slack.people.user_groups import UserGroups
from adapters.slack.people.users import UserDirectory
from adapters.slack.thread_conversations import ThreadConversations
from bot.ports import AdapterServices
from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class InboundServices:
    """Services that all handlers of events share."""

    core: AdapterServices
    workspaces: Workspaces
    users: UserDirectory
    groups: UserGroups
    threads: ThreadConversations
