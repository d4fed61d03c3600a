"""The promises of every store. A test module of a store subclasses `StoreContract` and says how to open one."""

from tests.contract.audit_contract import AuditContract
from tests.contract.context_contract import ContextContract
from tests.contract.event_queue_contract import EventQueueContract
from tests.contract.journal_contract import JournalContract
from tests.contract.maintenance_contract import MaintenanceContract
from tests.contract.places_contract import PlacesContract
from tests.contract.schedules_contract import SchedulesContract
from tests.contract.values_contract import ValuesContract


class StoreContract(
    AuditContract,
    EventQueueContract,
    JournalContract,
    ContextContract,
    ValuesContract,
    SchedulesContract,
    PlacesContract,
    MaintenanceContract,
):
    """All of it; the quotas have a suite of their own, for several processes."""
