"""Pages of what a method of Slack's lists: https://docs.slack.dev/apis/web-api/pagination."""

from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack.types import Json

#: Most items of one request: Slack takes less than 1,000.
LARGEST_PAGE = 900
#: Messages that an app distributed outside of Slack's Marketplace gets, once a minute. Apps of a workspace's own are
#: exempt. https://docs.slack.dev/changelog/2025/05/29/rate-limit-changes-for-non-marketplace-apps
RESTRICTED_PAGE = 15


def next_cursor(page: Json | AsyncSlackResponse) -> str:
    """Return the cursor of the page that follows an answer; "": none does."""
    return str((page.get("response_metadata") or {}).get("next_cursor") or "")
