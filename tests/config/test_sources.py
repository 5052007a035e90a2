"""[[source]] tables: what comes out of good ones, and what a wrong one is told."""

from datetime import timedelta
from pathlib import Path

import pytest

from monitor.config import load
from monitor.errors import ConfigError
from monitor.settings import AnySourceSettings, CtgovSourceSettings, FilesSourceSettings

FILES = 'type = "files"\npath = "in"\n'


def sources(
    tmp_path: Path, text: str, environ: dict[str, str] | None = None
) -> tuple[AnySourceSettings, ...]:
    file = tmp_path / "monitor.toml"
    file.write_text(text, "utf-8")
    return load(file, environ=environ or {}).sources


def message(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        sources(tmp_path, text, environ)
    output = str(caught.value)
    assert output.startswith(f"{tmp_path / 'monitor.toml'}: ")
    assert "\n" not in output
    return output


def ctgov(lines: str) -> str:
    return f'[[source]]\nname = "lupus"\ntype = "ctgov"\n{lines}'


def test_sources_come_in_the_order_of_the_file_with_their_defaults(tmp_path: Path) -> None:
    found = sources(
        tmp_path,
        f'[[source]]\nname = "b"\n{FILES}every = "30s"\n'
        '[[source]]\nname = "a"\ntype = "ctgov"\nall = true\ncron = "30 14 * * 1-5"\n'
        'timezone = "Europe/Madrid"\n',
    )
    assert found == (
        FilesSourceSettings(name="b", path="in", every=timedelta(seconds=30), settle_s=10.0),
        CtgovSourceSettings(
            name="a", all=True, cron="30 14 * * 1-5", timezone="Europe/Madrid",
            reread_every=timedelta(days=7), base_url="https://clinicaltrials.gov", enabled=True,
        ),
    )  # fmt: skip


def test_a_search_is_read_with_its_short_names(tmp_path: Path) -> None:
    (found,) = sources(
        tmp_path,
        ctgov(
            'nct_ids = ["nct06733935", "NCT6733935 ", "NCT00000102"]\n'
            'query = { cond = "lupus", intr = "CAR-T" }\nevery = "1h"\nbackfill = true\n'
            "filter = { overallStatus = 'RECRUITING|UNKNOWN', advanced = 'AREA[Phase]PHASE3',"
            " geo = 'distance(39.0,-77.1,50mi)', ids = 'NCT00000102|nct105',"
            " synonyms = 'ConditionSearch:1651367' }\n"
        ),
    )
    assert isinstance(found, CtgovSourceSettings)
    assert found.nct_ids == ("NCT00000102", "NCT06733935")
    assert found.query == {"cond": "lupus", "intr": "CAR-T"}
    assert found.filter["ids"] == "NCT00000102|NCT00000105"
    assert found.filter["geo"] == "distance(39.0,-77.1,50mi)"
    assert found.backfill is True


def test_a_base_url_loses_the_slash_at_its_end(tmp_path: Path) -> None:
    text = ctgov('base_url = "http://[::1]:8099/mirror/"\nall = true\nevery = "1h"')
    (found,) = sources(tmp_path, text)
    assert isinstance(found, CtgovSourceSettings)
    assert found.base_url == "http://[::1]:8099/mirror"


def test_references_are_replaced_in_every_text_of_a_source(tmp_path: Path) -> None:
    text = ctgov('nct_ids = ["${ID}"]\nquery = { cond = "${WHAT} x" }\nevery = "${EVERY}"')
    environ = {"ID": "NCT00000102", "WHAT": "lupus", "EVERY": "2h"}
    (found,) = sources(tmp_path, text, environ)
    assert isinstance(found, CtgovSourceSettings)
    assert found.nct_ids == ("NCT00000102",)
    assert found.query == {"cond": "lupus x"}
    assert found.every == timedelta(hours=2)
    output = message(tmp_path, text, {**environ, "WHAT": ""})
    assert '[[source]] "lupus" query.cond: ${WHAT} stands for' in output


@pytest.mark.parametrize(
    ("text", "length"),
    [("1s", 1), ("90m", 5400), ("24h", 86_400), (" 7d ", 604_800), ("366d", 31_622_400)],
)
def test_a_length_of_time_is_a_number_and_a_unit(tmp_path: Path, text: str, length: int) -> None:
    (found,) = sources(tmp_path, f'[[source]]\nname = "a"\n{FILES}every = "{text}"')
    assert found.every == timedelta(seconds=length)


@pytest.mark.parametrize(
    "value", ['"0s"', '"1"', '"h"', '"1w"', '"-1h"', '"1.5h"', '"367d"', '"1h30m"', "3600", '""']
)
def test_what_is_no_length_of_time_is_refused(tmp_path: Path, value: str) -> None:
    text = message(tmp_path, f'[[source]]\nname = "a"\n{FILES}every = {value}')
    assert '[[source]] "a" every = ' in text
    assert "is invalid: expected a whole number with s, m, h or d behind it" in text


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("", '"lupus" does not say when to look; write every = "1h" or cron = '),
        ('every = "1h"\ncron = "0 0 * * *"', '"lupus" has both every and cron; delete one'),
        ('every = "1h"', '"lupus" follows nothing; write nct_ids, query, filter or all = true'),
        ('every = "1h"\nnct_ids = []\nquery = {}', '"lupus" follows nothing'),
        ('every = "1h"\nall = true\nquery = { cond = "x" }', "delete it, or query and filter"),
        ('every = "1h"\nall = true\nfilter = { ids = "NCT1" }', "delete it, or query and filter"),
        ('cron = "0 0 * *"', "cron = '0 0 * *' is invalid: expected minute, hour, day"),
        ('cron = "@daily"', "cron = '@daily' is invalid"),
        ('timezone = "Europe/Madird"', "timezone = 'Europe/Madird' is invalid: expected a name of"),
        ('timezone = "../UTC"', "timezone = '../UTC' is invalid"),
        ('timezone = "Europe"', "timezone = 'Europe' is invalid"),
        ('enabled = "yes"', "enabled = 'yes' is invalid: expected true or false"),
        ('nct_ids = ["NCT1", "NCT123456789"]', "nct_ids: 'NCT123456789' is not an NCT ID"),
        ("nct_ids = 7", "nct_ids = 7 is invalid: expected an NCT ID or a list of them"),
        ("query = { condition = 'x' }", "query: there is no query.condition; did you mean cond?"),
        ("query = { zzz = 'x' }", "there is no query.zzz; there are cond, term, locn, titles"),
        ("query = { cond = ' ' }", "query = {'cond': ' '} is invalid: expected a table of texts"),
        ("query = { id = 'NCT00000102, nct2' }", "query.id holds nothing but NCT IDs; write them"),
        ("filter = { Status = 'x' }", "no filter.Status; did you mean overallStatus?"),
        ("filter = { overallStatus = 'Recruiting' }", "'Recruiting'; did you mean RECRUITING?"),
        ("filter = { overallStatus = 'NO_SUCH' }", "no status 'NO_SUCH'; there are "),
        ("filter = { overallStatus = '|' }", "filter.overallStatus takes statuses with"),
        ("filter = { advanced = 'a) OR (b' }", "filter.advanced has a parenthesis, bracket or"),
        ("filter = { synonyms = 'lupus' }", "filter.synonyms takes AREA:ID pairs with | between"),
        ("filter = { ids = ',' }", "filter.ids takes NCT IDs with | between them"),
        ("filter = { geo = 'near Madrid' }", "filter.geo takes distance(LATITUDE,"),
        ("filter = { ids = 'NCT1|x' }", "filter: 'x' is not an NCT ID"),
        ("reread_every = 'weekly'", "reread_every = 'weekly' is invalid: expected a whole number"),
        ("evry = '1h'", '"lupus" evry: there is no such key; did you mean every?'),
        ("path = 'in'", '"lupus" path: there is no such key; '),
    ],
)  # fmt: skip
def test_a_wrong_registry_source_is_told_what_to_write(
    tmp_path: Path, keys: str, said: str
) -> None:
    text = message(tmp_path, ctgov(keys))
    assert '[[source]] "lupus"' in text
    assert said in text


@pytest.mark.parametrize(
    "url",
    ["ftp://h", "clinicaltrials.gov", "https://", "http://h:x", "https://h/?a=1", "http://[:"],
)
def test_a_base_url_that_is_none_is_refused(tmp_path: Path, url: str) -> None:
    text = message(tmp_path, ctgov(f'base_url = "{url}"\nall = true\nevery = "1h"'))
    assert "base_url is invalid: expected http:// or https:// and a host, without user, " in text


@pytest.mark.parametrize("base_url", ["https://user:s3cret@h", "https://s3cret@h", "s3cret"])
def test_user_and_password_in_a_base_url_are_refused_and_not_shown(
    tmp_path: Path, base_url: str
) -> None:
    for text in (base_url, "${SECRET}"):
        output = message(
            tmp_path, ctgov(f'base_url = "{text}"\nall = true\nevery = "1h"'), {"SECRET": base_url}
        )
        assert "base_url is invalid" in output
        assert "s3cret" not in output


def test_what_a_reference_stands_for_is_not_shown(tmp_path: Path) -> None:
    for key in (
        'nct_ids = ["${X}"]',
        'filter = { geo = "${X}" }',
        'name = "${X}"',
        'every = "${X}"',
    ):
        text = f'[[source]]\ntype = "ctgov"\n{key}'
        assert "s3cret!" not in message(tmp_path, text, {"X": "s3cret!"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[source]]\nname = "a"', '[[source]] "a": what kind of source is it? write type = '),
        ('[[source]]\nname = "a"\ntype = "ftp"', 'write type = "ctgov" or type = "files"'),
        (f"[[source]]\n{FILES}", "[[source]] 1 name is missing; write 1 to 64 letters"),
        ('[[source]]\nname = "a"\ntype = "files"', '"a" path is missing; write the path of'),
        (f'[[source]]\nname = "a/b"\n{FILES}', "\"a/b\" name = 'a/b' is invalid: expected 1 to 64"),
        (f'[[source]]\nname = " a"\n{FILES}', "is invalid: expected 1 to 64 letters"),
        (f'[[source]]\nname = 7\n{FILES}', "[[source]] 1 name = 7 is invalid"),
        ('[source]\nname = "a"', "write [[source]], in two brackets, above each source's keys"),
        ("source = ['a']", "write [[source]], in two brackets"),
        ('[[sources]]\nname = "a"', "there is no section [[sources]]; did you mean [[source]]?"),
        ("[[store]]\nurl = 'x'", "[[store]] is not a list; write [store]"),
    ],
)  # fmt: skip
def test_a_table_that_is_no_source_is_told_why(tmp_path: Path, text: str, said: str) -> None:
    assert said in message(tmp_path, text)


def test_the_number_names_a_source_without_a_name(tmp_path: Path) -> None:
    good = f'[[source]]\nname = "a"\n{FILES}every = "1h"\n'
    text = message(tmp_path, f"{good}[[source]]\n{FILES}every = 1")
    assert "[[source]] 2 every = 1 is invalid" in text


def test_two_sources_never_have_one_name(tmp_path: Path) -> None:
    text = "".join(f'[[source]]\nname = "{name}"\n{FILES}every = "1h"\n' for name in ("Ab", "aB"))
    assert '[[source]] "aB" is there twice; give each source its own name' in message(
        tmp_path, text
    )


def test_no_variable_sets_a_source() -> None:
    with pytest.raises(ConfigError, match="MONITOR_SOURCE__NAME: write sources into the file"):
        load(environ={"MONITOR_SOURCE__NAME": "x"})


def test_one_nct_id_may_stand_alone(tmp_path: Path) -> None:
    (found,) = sources(tmp_path, ctgov('nct_ids = "nct102"\nevery = "1h"'))
    assert isinstance(found, CtgovSourceSettings)
    assert found.nct_ids == ("NCT00000102",)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("geo = 'distance(39.0, -77.1, 50mi)'", "distance(39.0,-77.1,50mi)"),
        ("ids = 'nct105, NCT00000102'", "NCT00000102|NCT00000105"),
        ("overallStatus = 'RECRUITING,COMPLETED'", "RECRUITING|COMPLETED"),
        ("advanced = ' AREA[Phase]PHASE3 '", "AREA[Phase]PHASE3"),
    ],
)
def test_a_filter_is_kept_as_the_registry_takes_it(tmp_path: Path, written: str, kept: str) -> None:
    (found,) = sources(tmp_path, ctgov(f'filter = {{ {written} }}\nevery = "1h"'))
    assert isinstance(found, CtgovSourceSettings)
    assert [*found.filter.values()] == [kept]
