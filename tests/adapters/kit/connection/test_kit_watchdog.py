from adapters.kit.connection.watchdog import Watchdog, interval


def test_silence_is_stalled_without_a_probe() -> None:
    """Without a probe, longer silence than allowed is stalled; any sign of life ends it."""
    watchdog = Watchdog(stalled_after=60, probe_timeout=None, now=0)
    assert watchdog.check(60) == "healthy"
    assert watchdog.check(61) == "stalled"
    assert watchdog.failures == 1
    watchdog.sign(62)
    assert watchdog.failures == 0
    assert watchdog.check(122) == "healthy"


def test_stalled_is_said_once_for_each_silence() -> None:
    watchdog = Watchdog(stalled_after=60, probe_timeout=None, now=0)
    assert watchdog.check(61) == "stalled"
    assert watchdog.check(62) == "healthy"
    assert watchdog.check(122) == "stalled"
    assert watchdog.failures == 2


def test_an_old_sign_of_life_is_none() -> None:
    watchdog = Watchdog(stalled_after=60, probe_timeout=None, now=50)
    watchdog.sign(10)
    assert watchdog.check(100) == "healthy"
    assert watchdog.check(111) == "stalled"


def test_a_probe_comes_before_the_verdict() -> None:
    """With a probe, silence is asked about first; stalled is what does not answer in time."""
    watchdog = Watchdog(stalled_after=300, probe_timeout=20, now=0)
    watchdog.observe(1, 0)
    assert watchdog.check(300) == "healthy"
    assert watchdog.check(301) == "probe"
    assert watchdog.check(302) == "probe", "nobody probed yet"
    watchdog.probed(302)
    assert watchdog.check(322) == "healthy"
    assert watchdog.check(323) == "stalled"
    assert watchdog.failures == 1
    assert watchdog.check(324) == "healthy", "the silence is counted anew"


def test_an_answer_ends_the_suspicion() -> None:
    watchdog = Watchdog(stalled_after=300, probe_timeout=20, now=0)
    watchdog.observe(1, 0)
    watchdog.probed(301)
    watchdog.observe(2, 310)
    assert watchdog.check(330) == "healthy"
    assert watchdog.failures == 0


def test_the_same_mark_is_no_sign_of_life() -> None:
    watchdog = Watchdog(stalled_after=300, probe_timeout=20, now=0)
    watchdog.observe(7, 1)
    watchdog.observe(7, 299)
    assert watchdog.check(302) == "probe"


def test_a_probe_of_a_connection_that_closed_is_dropped() -> None:
    watchdog = Watchdog(stalled_after=300, probe_timeout=20, now=0)
    watchdog.probed(301)
    watchdog.suspend()
    assert watchdog.check(400) == "probe"
    assert watchdog.failures == 0


def test_the_interval_is_a_quarter_of_the_shorter_time() -> None:
    assert interval(300, at_most=20) == 5
    assert interval(2, at_most=20) == 0.5
