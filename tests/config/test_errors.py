"""A wrong configuration is one line that names the place, the key and the fix."""

from pathlib import Path

import pytest

from monitor.config import load
from monitor.errors import ConfigError


def message(file: Path | None, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load(file, environ=environ or {})
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the path of a configuration file that is not written yet."""
    return tmp_path / "monitor.toml"


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[stor]\nurl = 'x'", "no section [stor]; did you mean [store]?"),
        ("[stor]", "no section [stor]; did you mean [store]?"),
        ("[mail]", "no section [mail]; there are [store], [thresholds], [ingest], [log]"),
        ("[store]\nurll = 'x'", "[store] urll: there is no such key; did you mean [store] url?"),
        ("[store]\nbusy = 1", "did you mean [store] busy_timeout_s?"),
        ("[store]\nbatch_records = 1", "did you mean [ingest] batch_records?"),
        ("[log]\nqqq = 1", "no such key; there are [log] format, [log] level"),
        ("url = 'x'", "url stands outside a section"),
    ],
)
def test_an_unknown_name_comes_with_the_nearest_known_one(file: Path, toml: str, said: str) -> None:
    file.write_text(toml, "utf-8")
    text = message(file)
    assert text.startswith(f"{file}: ")
    assert said in text


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[store]\nbusy_timeout_s = 0", "busy_timeout_s = 0 is invalid: expected a number of sec"),
        ("[store]\nbusy_timeout_s = 601", "from 0.1 to 600"),
        ("[store]\nbusy_timeout_s = nan", "from 0.1 to 600"),
        ("[store]\nbusy_timeout_s = true", "from 0.1 to 600"),
        ("[store]\nbusy_timeout_s = '5'", "busy_timeout_s = '5' is invalid"),
        ("[ingest]\nbatch_records = 1.5", "a whole number of records from 1 to 10000"),
        ("[ingest]\nrecord_limit_mb = 2000", "a whole number of megabytes from 1 to 1024"),
        ("[thresholds]\ndate_days_high = -1", "a whole number of days from 0 to 36500"),
        ("[log]\nformat = 'xml'", "[log] format = 'xml' is invalid: expected console or json"),
        ("[log]\nlevel = ['info']", "expected debug, info, warning or error"),
        ("[store]\nurl = 'monitor.db'", "expected sqlite:///PATH or postgresql://USER:PASSWORD"),
        ("[store]\nurl = 'mysql://db/m'", "expected sqlite:///PATH or postgresql://USER:PASSWORD"),
        ("[store]\nurl = 'sqlite:///'", "expected sqlite:///PATH or postgresql://USER:PASSWORD"),
        ("[store]\nurl = 7", "expected sqlite:///PATH or postgresql://USER:PASSWORD"),
    ],
)
def test_a_wrong_value_comes_with_what_may_be_written(file: Path, toml: str, said: str) -> None:
    file.write_text(toml, "utf-8")
    text = message(file)
    assert text.startswith(f"{file}: [")
    assert said in text


def test_a_wrong_variable_is_named_like_a_wrong_key() -> None:
    text = message(None, {"MONITOR_INGEST__BATCH_RECORDS": "many"})
    assert text.startswith("MONITOR_INGEST__BATCH_RECORDS = 'many' is invalid: expected a whole")
    text = message(None, {"MONITOR_INGEST__BATCH_RECORD": "5"})
    assert text.endswith("did you mean MONITOR_INGEST__BATCH_RECORDS?")
    text = message(None, {"MONITOR_STOER__URL": "x"})
    assert text.endswith("did you mean MONITOR_STORE__URL?")


def test_a_reference_to_a_missing_variable_names_key_and_variable(file: Path) -> None:
    file.write_text('[store]\nurl = "postgresql://monitor:${STORE_PW}@db/m"', "utf-8")
    text = message(file, {"STORE_PW": ""})
    assert "[store] url" in text
    assert "environment variable STORE_PW" in text
    assert "not set" in text


def test_a_named_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    assert str(missing) in message(missing)
    text = message(None, {"MONITOR_CONFIG": str(missing)})
    assert text.startswith(f"MONITOR_CONFIG names {missing}")


def test_a_folder_in_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    assert "cannot be read" in message(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[store\nurl = 1", "this is not TOML: "),
        (b"[log]\nlevel = 'info'\nlevel = 'info'", "this is not TOML: "),
        (b"[log]\n[web]\n[log]\nlevel = 'info'", "[log] begins a second time at line 3; write all"),
        ('[log]\nlevel = "info"'.encode("utf-16"), "is not UTF-8"),
    ],
)
def test_a_file_that_is_not_toml_is_an_error(file: Path, content: bytes, said: str) -> None:
    file.write_bytes(content)
    text = message(file)
    assert text.startswith(f"{file}: ")
    assert said in text


def test_a_variable_and_its_file_twin_may_not_both_be_set(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("postgresql://db/m", "utf-8")
    for name in ("MONITOR_DATABASE_URL", "MONITOR_STORE__URL"):
        text = message(None, {name: "postgresql://db/m", f"{name}_FILE": str(secret)})
        assert text == f"{name} and {name}_FILE are both set; unset one of them"


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read"), (b" \n", "is empty"), (b"\xff\xfe\x00", "not UTF-8")],
)
def test_a_secret_file_that_holds_no_value_is_an_error(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    secret = tmp_path / "secret"
    if content is not None:
        secret.write_bytes(content)
    text = message(None, {"MONITOR_DATABASE_URL_FILE": str(secret)})
    assert text.startswith(f"MONITOR_DATABASE_URL_FILE names {secret}")
    assert said in text
