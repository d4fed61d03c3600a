"""The record of the kinds of events that came."""

import json
from pathlib import Path

from adapters.slack.setup.observed_events import FILE, ObservedEvents


def test_a_record_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    """The file had another name; what it says is kept, and written to the new one."""
    (tmp_path / "slack-heard.json").write_text(json.dumps({"app_mention": "2025-01-02"}))
    observed = ObservedEvents(tmp_path)
    assert observed.last_seen == {"app_mention": "2025-01-02"}
    observed.record("message.im")
    assert json.loads((tmp_path / FILE).read_text()).keys() == {"app_mention", "message.im"}
    assert ObservedEvents(tmp_path).last_seen["app_mention"] == "2025-01-02"
