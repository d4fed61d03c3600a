"""`usergroups.*`: the user groups of a workspace."""

from simulators.slack.values import Json
from simulators.slack.web_api.calls import Caller, method


@method("usergroups.list", "usergroups:read")
def usergroups(caller: Caller) -> Json:
    """Disabled groups and members are left out unless they are asked for.

    https://docs.slack.dev/reference/methods/usergroups.list
    """
    shown = [group for group in caller.team.groups.values() if caller.flag("include_disabled") or not group.is_disabled]
    more = {"include_users": caller.flag("include_users"), "include_count": caller.flag("include_count")}
    return {"usergroups": [group.to_json(**more) for group in shown]}
