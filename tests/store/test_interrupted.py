"""^C while a connection is being closed ends the program, and is not logged as an error."""

from typing import Any

import pytest

from monitor.store.address import StoreAddress
from monitor.store.engine import connect_to_read, make_engine
from monitor.store.writer import open_store


def interrupt(connection: Any) -> None:
    """Close a connection and be interrupted at the last moment."""
    connection.close()
    raise KeyboardInterrupt


def test_an_interrupted_close_is_raised_and_not_logged(
    store_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    address = StoreAddress.parse(store_url)
    with open_store(store_url):
        pass  # it has its tables now
    reading = connect_to_read(address, busy_timeout_s=5)
    writing = make_engine(address, busy_timeout_s=5)
    with monkeypatch.context() as patch:
        patch.setattr(reading.dialect, "do_close", interrupt)
        with pytest.raises(KeyboardInterrupt):
            reading.close()
    with monkeypatch.context() as patch:
        writing.connect().close()  # the pool keeps it
        patch.setattr(writing.dialect, "do_close", interrupt)
        with pytest.raises(KeyboardInterrupt):
            writing.dispose()
    assert caplog.text == ""
