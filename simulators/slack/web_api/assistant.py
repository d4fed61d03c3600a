"""`assistant.threads.*` and `agents.sessions.*`: status, titles and prompts of the agent view."""

from simulators.slack.faults import ApiError
from simulators.slack.values import Json
from simulators.slack.web_api.calls import Caller, method

MOST_PROMPTS = 4


def _place(caller: Caller) -> tuple[str, str]:
    """The thread that a call names."""
    channel = caller.channel("channel_id")
    ts = caller.required("thread_ts")
    if not channel.thread(ts):
        raise ApiError("invalid_thread_ts")
    return channel.id, ts


@method("assistant.threads.setStatus", "assistant:write", "chat:write")
def set_status(caller: Caller) -> Json:
    place, team = _place(caller), caller.team
    status = caller.text("status")
    if status:
        team.statuses[place] = {"status": status, "loading_messages": caller.params.get("loading_messages")}
    else:
        team.statuses.pop(place, None)
    return {}


@method("assistant.threads.setTitle", "assistant:write")
def set_title(caller: Caller) -> Json:
    caller.team.titles[_place(caller)] = caller.required("title")
    return {}


@method("assistant.threads.setSuggestedPrompts", "assistant:write")
def set_prompts(caller: Caller) -> Json:
    channel = caller.channel("channel_id")
    prompts = caller.params.get("prompts")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= MOST_PROMPTS:
        raise ApiError("invalid_arguments")
    if not all(isinstance(p, dict) and p.get("title") and p.get("message") for p in prompts):
        raise ApiError("invalid_arguments")
    caller.team.prompts[channel.id, caller.text("thread_ts")] = {"title": caller.text("title"), "prompts": prompts}
    return {}


@method("agents.sessions.setStatus", "assistant:write", "chat:write")
def set_session_status(caller: Caller) -> Json:
    place = _place(caller)
    status = caller.required("status")
    if status not in {"processing", "active", "suspended", "closed"}:
        raise ApiError("invalid_arguments")
    if title := caller.text("title"):
        caller.team.titles.setdefault(place, title)
    caller.team.sessions.setdefault(place, []).append(status)
    return {}


@method("agents.sessions.rename", "assistant:write", "chat:write")
def rename_session(caller: Caller) -> Json:
    caller.team.titles[_place(caller)] = caller.required("title")
    return {}
