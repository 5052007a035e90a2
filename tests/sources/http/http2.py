"""A server on loopback that speaks HTTP/2 over TLS."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from tests.sources.http.loopback import Connection, Loopback, Request, Script

PIECE_BYTES = 16_000


@dataclass(frozen=True, slots=True)
class Stream:
    """A request's own part of the connection."""

    protocol: h2.connection.H2Connection
    number: int
    connection: Connection

    def flush(self) -> None:
        """Send what is due."""
        self.connection.send(self.protocol.data_to_send())

    def head(self, status: int, *fields: tuple[str, str]) -> None:
        """Send status and headers."""
        self.protocol.send_headers(self.number, [(":status", str(status)), *fields])
        self.flush()

    def data(self, body: bytes, *, last: bool = True) -> None:
        """Send the body in frames; nobody asks for more than the first window holds."""
        for start in range(0, len(body), PIECE_BYTES):
            self.protocol.send_data(self.number, body[start : start + PIECE_BYTES])
            self.flush()
        if last:
            self.protocol.end_stream(self.number)
            self.flush()


StreamScript = Callable[[Stream], None]


def answer_with(body: bytes, *fields: tuple[str, str]) -> StreamScript:
    """Answer in full."""

    def script(stream: Stream) -> None:
        stream.head(200, ("content-type", "application/json"), *fields)
        stream.data(body)

    return script


class Http2Loopback(Loopback):
    """Serves those who offer HTTP/2 from ``streams``, others from the scripts."""

    def __init__(self, *scripts: Script, streams: list[StreamScript], **given: object) -> None:
        super().__init__(*scripts, **given)  # type: ignore[arg-type]
        self._streams = streams

    def converse(self, connection: Connection) -> None:
        """Answer the requests of one connection."""
        if connection.protocol != "h2":
            super().converse(connection)
            return
        protocol = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        protocol.initiate_connection()
        connection.send(protocol.data_to_send())
        while data := connection.receive():
            for event in protocol.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    self._answer(protocol, event, connection)
            with contextlib.suppress(h2.exceptions.ProtocolError):
                connection.send(protocol.data_to_send())

    def _answer(
        self,
        protocol: h2.connection.H2Connection,
        event: h2.events.RequestReceived,
        connection: Connection,
    ) -> None:
        fields = {bytes(name).decode(): bytes(value).decode() for name, value in event.headers}
        request = Request(target=fields[":path"], headers=fields, connection=connection.number)
        self.script_for(request)
        script = self._streams[min(len(self.requests), len(self._streams)) - 1]
        script(Stream(protocol, event.stream_id, connection))
