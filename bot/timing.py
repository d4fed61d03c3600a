"""Time limits and pauses of the whole service, as one value that tests replace."""

from dataclasses import field

from aimodels import Timing
from bot.approvals.timing import ApprovalTiming
from bot.media.timing import MediaTiming
from bot.ops.timing import OpsTiming
from bot.pipeline.timing import PipelineTiming
from bot.places.timing import PlaceTiming
from bot.scheduler.timing import ScheduleTiming
from bot.store.timing import StoreTiming
from bot.values import valueclass
from bot.waiting.timing import WaitingTiming


@valueclass(frozen=True, slots=True, kw_only=True)
class ServiceTiming:
    """The timing of each package."""

    pipeline: PipelineTiming = field(default_factory=PipelineTiming)
    approvals: ApprovalTiming = field(default_factory=ApprovalTiming)
    waiting: WaitingTiming = field(default_factory=WaitingTiming)
    api: Timing = field(default_factory=Timing)
    media: MediaTiming = field(default_factory=MediaTiming)
    ops: OpsTiming = field(default_factory=OpsTiming)
    store: StoreTiming = field(default_factory=StoreTiming)
    schedules: ScheduleTiming = field(default_factory=ScheduleTiming)
    places: PlaceTiming = field(default_factory=PlaceTiming)
    prune_interval: float = 6 * 3600.0  #: seconds between two deletions of data past its retention
    erasure_look: float = 5.0  #: seconds between two looks at whom other processes have erased
    restart_first: float = 1.0  #: seconds before a platform or a loop that failed is started again; doubled each time
    restart_longest: float = 60.0  #: longest such pause; after so long a run the pauses start over
    adapter_stop: float = 10.0  #: seconds for the platforms to end when the service stops
