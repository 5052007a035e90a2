"""What can be set of the web pages: where they are, and how much their clients may take."""

from typing import Annotated

from msgspec import Meta

from monitor.config.listening import listening
from monitor.config.section import Section

_PLACE = "HOST:PORT, for example 127.0.0.1:8080 or [::1]:8080, or nothing to turn it off"
_SECONDS = "a number of seconds from 0.1 to 3600"


class WebSettings(Section, frozen=True, kw_only=True):
    """Where `monitor run` answers over HTTP, and how much its clients may take."""

    listen: Annotated[str, Meta(description=_PLACE)] = "127.0.0.1:8080"
    public_listen: Annotated[str, Meta(description=_PLACE)] = ""
    connections: Annotated[
        int, Meta(ge=1, le=10_000, description="a whole number from 1 to 10000")
    ] = 64
    header_timeout_s: Annotated[float, Meta(ge=0.1, le=3600, description=_SECONDS)] = 10.0
    request_timeout_s: Annotated[float, Meta(ge=0.1, le=3600, description=_SECONDS)] = 30.0

    @property
    def address(self) -> tuple[str, int] | None:
        """The operator's host, without brackets, and port; None when nothing is to listen."""
        return listening(self.listen)

    @property
    def public_address(self) -> tuple[str, int] | None:
        """The same of the listener for readers; None when they have none of their own."""
        return listening(self.public_listen)
