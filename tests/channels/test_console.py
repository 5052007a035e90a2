"""The console: text that steers nothing."""

import io
import os
from typing import Any

import pytest

from monitor.errors import DeliveryError
from tests.channels.examples import message
from tests.channels.making import console_channel


def written(encoding: str = "utf-8", **changed: Any) -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
    with console_channel(stream).connect() as connection:
        assert connection.send(message(**changed)) == "written"
    stream.seek(0)
    return stream.read()


def test_a_message_is_written_as_text() -> None:
    text = written()
    assert f"To ana: {message().subject}\n" in text
    assert "144 → 240 (+67%)\n" in text


def test_what_steers_a_terminal_is_shown() -> None:
    text = written(subject="a\x1b[2J\nb", text="c\x1b]0;x\x07\u202e\nd\r", subscriber="\x9bana")
    assert "To <U+009B>ana: a␛[2J b\n" in text
    assert "c␛]0;x␇<U+202E>\nd\n" in text
    assert "\x1b" not in text


def test_a_terminal_without_the_letters_gets_question_marks() -> None:
    assert "144 ? 240 (+67%)\n" in written("ascii")


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_the_stream_is_the_one_of_the_settings(
    stream: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    channel = console_channel(stream)
    with channel.connect() as connection:
        connection.send(message())
    captured = capsys.readouterr()
    assert bool(captured.out) is (stream == "stdout")
    assert bool(captured.err) is (stream == "stderr")


def test_a_reader_who_has_left_is_no_reason_to_give_up() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stream = io.TextIOWrapper(io.FileIO(writing, "w"), encoding="utf-8", write_through=True)
    with console_channel(stream).connect() as connection:
        with pytest.raises(DeliveryError, match="the console: Broken pipe") as caught:
            connection.send(message())
        assert not caught.value.permanent
    stream.detach().close()
