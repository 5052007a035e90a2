"""Where the settings come from is told by names, never by values."""

from pathlib import Path

import pytest

from monitor.config.load import origin
from monitor.errors import ConfigError


def test_only_keys_that_differ_from_their_default_are_named(tmp_path: Path) -> None:
    file = tmp_path / "monitor.toml"
    file.write_text(
        '[store]\nurl = "postgresql://me:pa55word@db/x"\nbusy_timeout_s = 10.0\n'
        '[log]\nlevel = "debug"\n[[source]]\nname = "a"\n[[source]]\nname = "b"\n',
        "utf-8",
    )
    reported = origin(file, environ={})
    assert (reported.file, reported.from_file) == (file, ("[store] url", "[log] level"))
    assert (reported.tables, reported.from_environment) == ({"source": 2}, ())
    assert "pa55word" not in repr(reported)


def test_variables_are_named_as_they_were_set(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("postgresql://me:pa55word@db/x\n", "utf-8")
    environ = {"MONITOR_DATABASE_URL_FILE": str(secret), "MONITOR_LOG__LEVEL": "debug"}
    file = tmp_path / "monitor.toml"
    file.write_text("", "utf-8")
    reported = origin(file, environ=environ)
    assert reported.from_environment == ("MONITOR_DATABASE_URL_FILE", "MONITOR_LOG__LEVEL")
    assert reported.from_file == ()
    assert "pa55word" not in repr(reported)


def test_without_a_file_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert origin(environ={}).file is None


def test_a_file_that_is_not_there_is_the_error_of_loading(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="which is no file"):
        origin(environ={"MONITOR_CONFIG": str(tmp_path / "none.toml")})
