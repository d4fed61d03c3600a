"""A console whose answers are made here, for the tests over a real terminal."""

import asyncio
import sys
from pathlib import Path

from adapters.console.adapter import Console
from adapters.console.draft import ConsoleDraft
from adapters.console.parse import Person
from bot.models import Action, Answer, Event, Status
from tests.contract.adapter.samples import COMMANDS

ANSWER = "Answer to **{0}**.\n\n```python\nx = 1\n```\n\nThe end of {0}. \x1b]0;evil\x07\x1b[5m"
MUCH = "One of many.\n\n" * 100 + "The end of much."
BUTTONS = tuple(Action(name=label.lower(), label=label, command="chat") for label in ("More", "Less"))


async def begun(event: Event, draft: ConsoleDraft) -> None:
    """Begin what never ends by itself."""
    if event.command == "image":
        await draft.status(Status("painting slowly", progress=0.5))
    elif event.prompt == "slowly":
        await draft.write("The first *block*.\n\nThe sec")
    else:
        return
    await asyncio.Event().wait()


def main(folder: Path) -> int:
    """Talk until the person leaves; returns the exit status."""
    asyncio.run(_talk(folder))
    return 0


async def _talk(folder: Path) -> None:
    console = Console(conversation="test", person=Person("Ann"), data_dir=folder, interactive=True)
    running: dict[str, asyncio.Task[None]] = {}
    questions: dict[str, str] = {}

    async def work(event: Event) -> None:
        draft = await console.draft(event.reply_to, key=event.id, ref=None, private=False)
        try:
            if event.command == "stop":
                for key, task in running.items():
                    if key != event.id:
                        task.cancel()
            elif event.command == "press":
                pressed = questions[event.options["event"]]
                await draft.finish(Answer(text=f"Pressed {event.options['action']} of {pressed}."))
                return
            if event.rejection:
                await draft.finish(Answer(text=event.rejection))
                return
            await begun(event, draft)
            questions[event.id] = event.prompt
            sys.stderr.write("a line for the log\n")
            text = ANSWER.format(event.prompt) if event.prompt != "much" else MUCH
            for end in range(0, len(text), 10):
                await draft.write(text[:end])
            await draft.finish(Answer(text=text, actions=BUTTONS))
        except asyncio.CancelledError:
            await draft.finish(Answer(text="It was stopped."))

    async def sink(event: Event) -> bool:
        running[event.id] = asyncio.create_task(work(event))
        return True

    await console.run(sink, COMMANDS)
