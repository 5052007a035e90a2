"""Which values hold: the file, the environment over it, the defaults under both."""

from pathlib import Path

import pytest

from monitor.config import load
from monitor.errors import ConfigError
from monitor.settings import Settings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder that is the working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return file


@pytest.mark.usefixtures("folder")
def test_without_file_and_variables_the_defaults_hold() -> None:
    settings = load(environ={})
    assert settings == Settings()
    assert settings.store.url == "sqlite:///snapshots/monitor.db"
    assert settings.thresholds.date_days_high == 90
    assert settings.thresholds.enrollment_percent_high == 20.0
    assert settings.thresholds.enrollment_actual_percent_low == 85.0


def test_the_file_of_the_working_folder_is_read(folder: Path) -> None:
    write(folder / "config" / "monitor.toml", "[thresholds]\ndate_days_high = 30\n")
    settings = load(environ={})
    assert settings.thresholds.date_days_high == 30
    assert settings.ingest == Settings().ingest


def test_a_named_file_lies_over_the_variable_and_the_variable_over_the_default(
    folder: Path,
) -> None:
    write(folder / "config" / "monitor.toml", "[ingest]\nbatch_records = 1\n")
    write(folder / "two.toml", "[ingest]\nbatch_records = 2\n")
    write(folder / "three.toml", "[ingest]\nbatch_records = 3\n")
    environ = {"MONITOR_CONFIG": "two.toml"}
    assert load(environ=environ).ingest.batch_records == 2
    assert load(Path("three.toml"), environ=environ).ingest.batch_records == 3


def test_a_variable_lies_over_the_file(folder: Path) -> None:
    file = write(folder / "a.toml", '[ingest]\nbatch_records = 2\n[log]\nlevel = "debug"\n')
    settings = load(
        file,
        environ={"MONITOR_INGEST__BATCH_RECORDS": "500", "MONITOR_STORE__BUSY_TIMEOUT_S": "0.5"},
    )
    assert settings.ingest.batch_records == 500
    assert settings.store.busy_timeout_s == 0.5
    assert settings.log.level == "debug"


@pytest.mark.usefixtures("folder")
def test_the_database_variable_lies_over_everything() -> None:
    environ = {
        "MONITOR_DATABASE_URL": "postgresql://db/one",
        "MONITOR_STORE__URL": "postgresql://db/two",
    }
    assert load(environ=environ).store.url == "postgresql://db/one"


@pytest.mark.usefixtures("folder")
def test_an_empty_variable_counts_as_not_set() -> None:
    environ = {
        "MONITOR_CONFIG": "",
        "MONITOR_DATABASE_URL": "",
        "MONITOR_STORE__URL_FILE": "",
        "MONITOR_INGEST__BATCH_RECORDS": "",
        "MONITOR_NO__SUCH": "",
    }
    assert load(environ=environ) == Settings()


@pytest.mark.usefixtures("folder")
def test_variables_of_other_programs_are_left_alone() -> None:
    environ = {"MONITOR_PORT_8080_TCP": "x", "MONITOR_TEST_POSTGRES_URL": "x", "A__B": "x"}
    assert load(environ=environ) == Settings()


@pytest.mark.parametrize("name", ["MONITOR_DATABASE_URL_FILE", "MONITOR_STORE__URL_FILE"])
def test_a_secret_is_read_from_the_file_that_a_variable_names(folder: Path, name: str) -> None:
    secret = write(folder / "secret", "postgresql://monitor:pw@db/monitor\n")
    assert load(environ={name: str(secret)}).store.url == "postgresql://monitor:pw@db/monitor"


def test_a_reference_is_replaced_by_the_variable(folder: Path) -> None:
    file = write(
        folder / "a.toml",
        '[store]\nurl = "postgresql://monitor:${PW}@${HOST}/m"\nbusy_timeout_s = "${WAIT}"\n',
    )
    settings = load(file, environ={"PW": "a${b}c", "HOST": "db", "WAIT": "3"})
    assert settings.store.url == "postgresql://monitor:a${b}c@db/m"
    assert settings.store.busy_timeout_s == 3.0


def test_a_reference_stands_for_a_file_too(folder: Path) -> None:
    held = write(folder / "secret", "pw\n")
    file = write(folder / "a.toml", '[store]\nurl = "postgresql://monitor:${PW}@db/m"\n')
    assert load(file, environ={"PW_FILE": str(held)}).store.url == "postgresql://monitor:pw@db/m"
    both = {"PW": "own", "PW_FILE": str(held)}  # the file may belong to another program
    assert load(file, environ=both).store.url == "postgresql://monitor:own@db/m"


@pytest.mark.parametrize(("content", "reason"), [(b"", "empty"), (b"\xffpw", "not UTF-8")])
def test_a_reference_to_a_file_that_holds_nothing_says_so(
    folder: Path, content: bytes, reason: str
) -> None:
    (folder / "secret").write_bytes(content)
    file = write(folder / "a.toml", '[store]\nurl = "${STORE_URL}"\n')
    with pytest.raises(ConfigError, match=rf"\[store\] url: STORE_URL_FILE names .*{reason}"):
        load(file, environ={"STORE_URL_FILE": str(folder / "secret")})


def test_a_reference_that_a_variable_lies_over_need_not_be_set(folder: Path) -> None:
    file = write(folder / "a.toml", '[store]\nurl = "${STORE_URL}"\n')
    environ = {"MONITOR_DATABASE_URL": "postgresql://db/m"}
    assert load(file, environ=environ).store.url == "postgresql://db/m"


@pytest.mark.usefixtures("folder")
def test_a_value_of_the_environment_is_taken_literally() -> None:
    url = "postgresql://monitor:${PW}@db/m"
    assert load(environ={"MONITOR_DATABASE_URL": url}).store.url == url


def test_a_file_saved_with_a_byte_order_mark_is_read(folder: Path) -> None:
    file = folder / "a.toml"
    file.write_bytes(b'\xef\xbb\xbf[log]\nformat = "json"\n')
    assert load(file, environ={}).log.format == "json"


@pytest.mark.parametrize("more", ["/?a=1", "/#top", "/a b", "\u00e9", "\\n"])
def test_links_go_behind_the_public_url(folder: Path, more: str) -> None:
    """Nothing in it may swallow a path, nor show every reader a user and a password."""
    good = write(folder / "a.toml", '[delivery]\npublic_url = "https://m.example.org/ct"\n')
    assert load(good, environ={}).delivery.public_url == "https://m.example.org/ct"
    bad = write(folder / "b.toml", f'[delivery]\npublic_url = "https://m.example.org{more}"\n')
    with pytest.raises(ConfigError, match=r"\[delivery\] public_url is invalid: expected http"):
        load(bad, environ={})


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Settings().store.url = "sqlite:///other.db"  # type: ignore[misc]


def test_the_configuration_of_the_project_is_the_defaults() -> None:
    file = Path(__file__).parents[2] / "config" / "monitor.toml"
    assert load(file, environ={}) == Settings()


def test_a_whole_number_is_good_enough_where_a_fraction_may_stand(folder: Path) -> None:
    file = write(folder / "a.toml", "[thresholds]\nenrollment_percent_high = 25\n")
    assert load(file, environ={}).thresholds.enrollment_percent_high == 25.0


def test_a_secret_file_that_fits_no_key_is_an_error(folder: Path) -> None:
    secret = write(folder / "secret", "x")
    with pytest.raises(ConfigError, match=r"MONITOR_STORE__ULR_FILE.*MONITOR_STORE__URL"):
        load(environ={"MONITOR_STORE__ULR_FILE": str(secret)})
