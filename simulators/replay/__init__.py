"""Recorded requests, played again: the platform's payload and faults on its simulator, the AI API from the recording.

    async with STAGES["slack"](recording) as stage, RecordedApi(recording) as api:
        ...                                     # start a service with {**stage.environment, **api.environment}
        await stage.play()                      # what the platform sent, mapped to what the simulator has

`visible(recording)` is what people saw in the end, `lasting_calls(recording)` how it came there: both of the recording
of the incident and of the one that is made of the replay.
"""

from simulators.replay.api import RecordedApi
from simulators.replay.discord_stage import DiscordStage
from simulators.replay.recording import CannotReplayError, Recording, read_recording
from simulators.replay.slack_stage import SlackStage
from simulators.replay.stage import Stage

STAGES: dict[str, type[Stage]] = {"slack": SlackStage, "discord": DiscordStage}

__all__ = ["STAGES", "CannotReplayError", "RecordedApi", "Recording", "Stage", "read_recording"]
