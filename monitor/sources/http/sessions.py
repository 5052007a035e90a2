"""The sessions of a client that wait for their next request."""

import threading

from monitor.sources.http.session import TRANSPORTS, Session
from monitor.sources.http.settings import HttpSettings, Transport


class Sessions:
    """Lends each session to one request at a time; the latest used goes out first."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._idle: dict[tuple[Transport, str], list[Session]] = {}
        self._closed = False
        self._lock = threading.Lock()

    def take(self, transport: Transport, host: str) -> Session:
        """Return an idle session to the host, or a new one."""
        with self._lock:
            idle = self._idle.get((transport, host))
            if idle:
                return idle.pop()
        return TRANSPORTS[transport](self._settings)

    def give_back(self, transport: Transport, host: str, session: Session) -> None:
        """Keep the session for the next request, unless all is closed."""
        with self._lock:
            if not self._closed:
                self._idle.setdefault((transport, host), []).append(session)
                return
        session.close()

    def close(self) -> None:
        """Close what is idle now and what comes back later."""
        with self._lock:
            self._closed = True
            idle = [session for sessions in self._idle.values() for session in sessions]
            self._idle.clear()
        for session in idle:
            session.close()
