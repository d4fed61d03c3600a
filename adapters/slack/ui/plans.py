"""Plans as blocks that Slack draws. Pure.

https://docs.slack.dev/reference/block-kit/blocks/plan-block, and task-card-block there for its tasks.
"""

from adapters.kit.texts.titles import shorten
from adapters.slack.types import Block
from bot.drawable import Plan, StepState

PLAN = "plan"  #: the type of the block
_TITLE = 300  #: characters, fewer than Slack takes
_STATES: dict[StepState, str] = {"open": "pending", "running": "in_progress", "done": "complete", "failed": "error"}


def build_plan(plan: Plan) -> Block:
    """Return the block of a plan."""
    tasks = [
        {
            "type": "task_card",
            "task_id": f"step-{number}",
            "title": shorten(step.title, _TITLE),
            "status": _STATES[step.state],
        }
        for number, step in enumerate(plan.steps, 1)
    ]
    return {"type": PLAN, "title": shorten(plan.title, _TITLE), "tasks": tasks}
