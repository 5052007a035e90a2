"""A wrong cron expression is told where it stands and what to write."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.errors import ConfigError
from monitor.scheduler import Cron, Every, next_due, trigger_of
from monitor.settings import FilesSourceSettings

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("61 * * * *", "the last value (61) is higher than the maximum value (59)"),
        ("* 22-2 * * *", "must not be higher than the maximum"),
        ("* * 0 * *", "is lower than the minimum value (1)"),
        ("x * * * *", 'Unrecognized expression "x" for field "minute"'),
        ("*/0 * * * *", "Increment must be higher than 0"),
        ("0 0 * * 8", "'8' is no day of the week"),
        ("0 0 * * fryday", "'fryday' is none of sun, mon"),
        ("0 0 1 janx *", "'janx' is none of jan, feb"),
        ("0 0 1 jan-mar/0 *", "Increment must be higher than 0"),
        ("0 0 * * 1;2", "'1;2' is no day of the week"),
        ("0 0 * * 1-5/0", "has a step of 0"),
        ("0 0 * *", "not enough values"),
    ],
)
def test_a_wrong_expression_says_why_and_what_to_write(expression: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        next_due(Cron(expression), last_due=None, now=NOW)
    text = str(caught.value)
    assert text.startswith(f"cron = {expression!r} is invalid (")
    assert reason in text
    assert (
        'expected minute, hour, day of the month, month and day of the week, for example "' in text
    )


def test_a_day_that_never_comes_is_refused() -> None:
    with pytest.raises(ConfigError, match="there is no such day"):
        next_due(Cron("0 0 30 2 *"), last_due=None, now=NOW)


def test_the_trigger_of_a_source_names_the_source_when_it_is_wrong() -> None:
    wrong = FilesSourceSettings(name="drop box", path="in", cron="0 25 * * *")
    with pytest.raises(ConfigError, match=r'^\[\[source\]\] "drop box" cron = \'0 25'):
        trigger_of(wrong)


def test_the_trigger_of_a_source_is_what_it_says() -> None:
    often = FilesSourceSettings(name="a", path="in", every=timedelta(seconds=30))
    daily = FilesSourceSettings(name="a", path="in", cron="0 6 * * *", timezone="Europe/Madrid")
    assert trigger_of(often) == Every(timedelta(seconds=30))
    assert trigger_of(daily) == Cron("0 6 * * *", "Europe/Madrid")
