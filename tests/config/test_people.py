"""[[subscriber]] and [[subscription]] tables: what they mean, and what a wrong one is told."""

from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from monitor.config import load
from monitor.config.subscriptions import build_subscription, nct_ids_of
from monitor.errors import ConfigError
from monitor.model.changes import GROUPS, ChangeKind, Severity
from monitor.model.subscriptions import Changes, Filter, Subscription, SubscriptionOrigin, Trials
from monitor.model.when import AtOnce, LocalTime, QuietHours
from monitor.settings import Settings

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CHANNELS = '[[channel]]\nname = "out"\ntype = "console"\n'
ALL = 'all = true\nchannels = "out"\n'


def settings(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "monitor.toml"
    file.write_text(CHANNELS + text, "utf-8")
    return load(file, environ={"WHO": "ana"})


def message(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, text)
    output = str(caught.value)
    assert output.startswith(f"{tmp_path / 'monitor.toml'}: ")
    assert "\n" not in output
    return output


def table(lines: str, name: str = "a", subscriber: str = "ana") -> str:
    return f'[[subscription]]\nname = "{name}"\nsubscriber = "{subscriber}"\n{lines}\n'


def only(tmp_path: Path, text: str) -> Subscription:
    found = settings(tmp_path, text)
    (given,) = found.subscriptions
    people = {person.name: person for person in found.subscribers}
    return build_subscription(
        given, people[given.subscriber], origin=SubscriptionOrigin.CONFIG, now=NOW
    )


def test_a_subscription_is_read_with_all_its_keys(tmp_path: Path) -> None:
    found = only(
        tmp_path,
        table(
            'nct_ids = ["nct6733935", "NCT06733935"]\n'
            'filter = { condition = ["lupus", "gout"], phase = "PHASE1", '
            'not = { country = ["China"] } }\n'
            'changes = ["status", "site added"]\nmin_severity = "medium"\nmin_days = 30\n'
            'min_percent = 12.5\nwhen = "daily 08:00 Europe/Madrid"\ncritical_at_once = true\n'
            'quiet = "22:00-07:00"\nsend_empty = true\nchannels = ["out", "out"]\n'
        ),
    )
    assert found == Subscription(
        id=0,
        subscriber="ana",
        name="a",
        trials=Trials(
            nct_ids=frozenset({"NCT06733935"}),
            filters=(
                Filter(
                    wanted={"condition": ("lupus", "gout"), "phase": ("PHASE1",)},
                    excluded={"country": ("China",)},
                ),
            ),
        ),
        changes=Changes(
            kinds=GROUPS["status"] | {ChangeKind.SITE_ADDED},
            min_severity=Severity.MEDIUM,
            min_days=30,
            min_percent=12.5,
        ),
        when=LocalTime(at=time(8), zone="Europe/Madrid"),
        critical_at_once=True,
        quiet=QuietHours(start=time(22), end=time(7)),
        send_empty=True,
        channels=("out",),
        origin=SubscriptionOrigin.CONFIG,
        created_at=NOW,
    )


def test_what_a_subscription_leaves_open_is_all_but_noise_at_once(tmp_path: Path) -> None:
    found = only(tmp_path, table(ALL))
    assert found.trials == Trials(everything=True)
    assert found.changes == Changes()
    assert (found.when, found.quiet, found.send_empty) == (AtOnce(), None, False)


def test_a_subscriber_s_channels_quiet_hours_and_clocks_hold_where_nothing_else_is_said(
    tmp_path: Path,
) -> None:
    person = (
        '[[subscriber]]\nname = "ana"\nchannels = "out"\nquiet = "22:00-07:00"\n'
        'timezone = "Europe/Madrid"\n'
    )
    found = only(tmp_path, person + table('all = true\nwhen = "daily 08:00"'))
    assert found.channels == ("out",)
    assert found.when == LocalTime(at=time(8), zone="Europe/Madrid")
    assert found.quiet == QuietHours(start=time(22), end=time(7), zone="Europe/Madrid")
    own = 'all = true\nwhen = "daily 08:00 UTC"\nquiet = "1:00-2:00 Asia/Tokyo"'
    found = only(tmp_path, person + table(own))
    assert found.when == LocalTime(at=time(8), zone="UTC")
    assert found.quiet == QuietHours(start=time(1), end=time(2), zone="Asia/Tokyo")


def test_a_subscriber_that_only_a_subscription_names_exists_by_that(tmp_path: Path) -> None:
    found = settings(tmp_path, table(ALL, subscriber="${WHO}") + table(ALL, "b", "bo"))
    assert [person.name for person in found.subscribers] == ["ana", "bo"]


def test_a_filter_may_be_all_trials_but_some(tmp_path: Path) -> None:
    lines = 'filter = { not = { country = "China" } }\nchannels = "out"'
    (found,) = only(tmp_path, table(lines)).trials.filters
    assert (found.wanted, found.excluded) == ({}, {"country": ("China",)})


def test_filters_may_be_alternatives(tmp_path: Path) -> None:
    lines = 'filter = [{ condition = "lupus" }, { title = ["CAR-T"] }]\nchannels = "out"'
    wanted = [one.wanted for one in only(tmp_path, table(lines)).trials.filters]
    assert wanted == [{"condition": ("lupus",)}, {"title": ("CAR-T",)}]


def test_the_trials_of_a_file_are_read_when_they_are_needed(tmp_path: Path) -> None:
    file = tmp_path / "ids.txt"
    text = table(f'nct_ids = "NCT00000102"\nnct_ids_file = "{file}"\nchannels = "out"')
    assert settings(tmp_path, text).subscriptions
    with pytest.raises(ConfigError, match=r"subscription 'a' of ana, nct_ids_file: .*cannot be"):
        only(tmp_path, text)
    file.write_bytes(b"\xef\xbb\xbfNCT00000104, nct105 # and\n\n# NCT00000001\nNCT00000106;\n")
    assert only(tmp_path, text).trials.nct_ids == {
        "NCT00000102", "NCT00000104", "NCT00000105", "NCT00000106",
    }  # fmt: skip
    file.write_text("NCT00000104\nnone\n", "utf-8")
    with pytest.raises(ConfigError, match=r"ids\.txt, line 2: 'none' is not an NCT ID"):
        only(tmp_path, text)
    file.write_text("# nothing yet\n", "utf-8")
    with pytest.raises(ConfigError, match="holds no NCT ID"):
        only(tmp_path, text)


def test_a_file_of_ids_may_hold_quoted_cells_and_links(shared_data: Path, tmp_path: Path) -> None:
    case = shared_data / "cases" / "11-nct-ids" / "ids.txt"
    text = table(f'nct_ids_file = "{case}"\nchannels = "out"')
    assert only(tmp_path, text).trials.nct_ids == {"NCT04280706", "NCT04280709"}


@pytest.mark.parametrize("heading", ["NCT Number", '"nct_id"', "NCTID", "nct", "Trial ID", "id"])
def test_the_heading_of_a_column_is_no_id(heading: str) -> None:
    text = f'# mine\n{heading}\n"NCT00000102"\nhttps://a.org/#/NCT104?b#c,NCT105#see NCT106\n'
    assert nct_ids_of(text, place="here") == {"NCT00000102", "NCT00000104", "NCT00000105"}
    with pytest.raises(ConfigError, match="line 2"):
        nct_ids_of(f"NCT00000102\n{heading}\n", place="here")


def test_a_text_of_no_nct_ids_holds_none() -> None:
    assert nct_ids_of(" \n,;# x\n", place="here") == frozenset()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('channels = "out"', '"a" is about no trial; write nct_ids, nct_ids_file, filter or all'),
        (f'{ALL}nct_ids = "NCT00000102"', "all = true is about every trial; delete it, or nct_ids"),
        ("all = true", 'does not say where to send; write channels = ["NAME"] (there are out)'),
        ('all = true\nchannels = "aut"', "channels: there is no [[channel]] 'aut'; did you mean"),
        (f"{ALL}chanels = 1", '"a" chanels: there is no such key; did you mean channels?'),
        (f'{ALL}changes = "statsu"', "changes: there is no kind and no group of changes 'statsu'"),
        (f'{ALL}min_severity = "big"', "min_severity = 'big' is invalid: expected noise, low"),
        (f"{ALL}min_days = -1", "min_days = -1 is invalid: expected a whole number of days"),
        (f"{ALL}send_empty = true", 'send_empty = true is about digests; write when = "daily'),
        (f'{ALL}when = "daily"', "when: 'daily' is invalid: expected \"at once\", \"hourly\""),
        (f'{ALL}when = "daily 25:00"', "when: 'daily 25:00' is invalid: 25:00 is no time"),
        (f'{ALL}when = "daily 8:00 Madrid"', "'Madrid' is no time zone"),
        (f'{ALL}quiet = "00:00-00:00"', "quiet: '00:00-00:00' is invalid: they would be over"),
        (f'{ALL}quiet = "night"', "quiet: 'night' is invalid: expected \"22:00-07:00 Europe"),
        (f'{ALL}nct_ids = "NCT123456789"', "nct_ids: 'NCT123456789' is not an NCT ID"),
        (f"{ALL}filter = {{ conditon = 'x' }}", "filter: a filter has no key 'conditon'; did you"),
        (f"{ALL}filter = {{ condition = 7 }}", "filter: condition takes a text or a list of texts"),
        (f"{ALL}filter = {{ not = 'x' }}", 'filter: not is a table: not = { country = ["China"] }'),
        (f"{ALL}filter = {{ not = {{ }} }}", "filter: a filter needs one of condition"),
        (f"{ALL}filter = [{{ title = 'x' }}, {{ title = '+' }}]", "filter 2: title: '+' has no"),
        (f"{ALL}filter = {{ country = 'USA' }}", "for 'USA' the registry writes 'United States'"),
        (f"{ALL}filter = 'lupus'", "filter = ['lupus'] is invalid: expected a table or a list of"),
    ],
)  # fmt: skip
def test_a_wrong_subscription_is_told_what_to_write(tmp_path: Path, lines: str, said: str) -> None:
    text = message(tmp_path, table(lines))
    assert '[[subscription]] "a"' in text
    assert said in text


@pytest.mark.parametrize("name", ["", " a", "a:b", "a\\nb", "a\\u202eb", "x" * 65])
def test_a_name_that_could_mislead_is_refused(tmp_path: Path, name: str) -> None:
    text = message(tmp_path, table(ALL, subscriber=name))
    assert "is invalid: expected 1 to 64 letters and signs, no colon among them" in text


@pytest.mark.parametrize("name", ["Ana Pérez", "李", "ana@example.org", "x" * 64])
def test_names_may_be_those_of_people(tmp_path: Path, name: str) -> None:
    assert only(tmp_path, table(ALL, subscriber=name)).subscriber == name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (table(ALL) + table(ALL, "A"), '"A" of ana is there twice; give each subscription'),
        (table(ALL) + table(ALL, "b", "Ana"), "subscriber = 'Ana' is elsewhere spelt 'ana'"),
        ('[[subscriber]]\nname = "a"\n[[subscriber]]\nname = "A"\n', '"A" is there twice'),
        ('[[subscriber]]\nname = "a"\nchannels = "x"\n', "there is no [[channel]] 'x'; "),
        (
            '[[subscriber]]\nname = "a"\ntimezone = "Mars"\n',
            "timezone = 'Mars' is invalid: expected",
        ),
        ('[subscription]\nname = "a"\n', "write [[subscription]], in two brackets, above each"),
        ('[[subscriptoin]]\nname = "a"\n', "did you mean [[subscription]]?"),
    ],
)
def test_what_does_not_fit_together_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert said in message(tmp_path, text)


def test_two_people_may_have_subscriptions_of_one_name(tmp_path: Path) -> None:
    found = settings(tmp_path, table(ALL) + table(ALL, "a", "bo"))
    assert [one.subscriber for one in found.subscriptions] == ["ana", "bo"]
