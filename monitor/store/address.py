"""Where a store is: a URL, read without SQLAlchemy, that never shows its password.

The first step of opening a store, for ``writer``, ``reader`` and the commands of `monitor db`.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, quote, quote_plus, unquote, urlsplit

from monitor.errors import StoreError

_SQLITE = "sqlite:///"
_POSTGRES = ("postgresql", "postgres", "postgresql+psycopg")
_SHAPES = "sqlite:///path/to/monitor.db or postgresql://user:password@host/database"
_SPELLED = "in its user and password @ : / ? # are written %40 %3A %2F %3F %23"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAddress:
    """A store's place.

    ``path``: the SQLite file, or None for PostgreSQL. ``url``: what the driver gets.
    ``shown``: how messages name the store, without user and password.
    """

    path: Path | None
    url: str
    shown: str
    secrets: tuple[str, ...] = ()

    @classmethod
    def parse(cls, url: str) -> "StoreAddress":
        """Read a store URL.

        ``sqlite:///`` is followed by a path, taken as it is (relative to the working folder
        unless it begins with ``/``). Of PostgreSQL URLs psycopg 3 is made the driver.
        StoreError for anything else.
        """
        if url.startswith(_SQLITE):
            return _sqlite(url.removeprefix(_SQLITE))
        scheme, found, rest = url.partition("://")
        if found and scheme in _POSTGRES:
            return _postgres(f"postgresql://{rest}")
        raise StoreError(f"a store's URL looks like {_SHAPES}")

    def scrub(self, text: str) -> str:
        """Return the text with the URL's password blotted out."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def _sqlite(path: str) -> StoreAddress:
    # SQLite would take both, and every command would find an empty store of its own.
    if path in ("", ":memory:"):
        raise StoreError("a store in memory would be lost at once; name a file: sqlite:///PATH")
    return StoreAddress(path=Path(path), url=_SQLITE + path, shown=path)


def _postgres(url: str) -> StoreAddress:
    try:
        parts = urlsplit(url)
        place = parts.hostname or "localhost"
        place += f":{parts.port}" if parts.port else ""
        password = parts.password
    except ValueError as exc:
        message = f"this is not a PostgreSQL URL; one looks like {_SHAPES}; {_SPELLED}"
        raise StoreError(message) from exc
    # Example: in "postgresql://ana:p#ss@db/monitor" everything behind the # is a fragment, and the
    # host is "ana".
    if _is_ambiguous(parts):
        raise StoreError(f"a store's URL looks like {_SHAPES}; {_SPELLED}")
    secrets: set[str] = set()
    if password:
        plain = unquote(password)
        # A driver's error may quote the password as it was written or as it was decoded.
        secrets = {password, plain, quote(plain, safe=""), quote_plus(plain)}
    return StoreAddress(
        path=None,
        url=url.replace("postgresql://", "postgresql+psycopg://", 1),
        shown=f"postgresql://{place}{parts.path}",
        # The longest first: a shorter form within a longer one would leave the rest of it behind.
        secrets=tuple(sorted(secrets, key=len, reverse=True)),
    )


def _is_ambiguous(parts: SplitResult) -> bool:
    """Return whether a mark within a password may have been read as the end of it.

    The driver would read the URL otherwise than this, and show the rest of the password as the
    name of a host or a database.
    """
    marks = parts.netloc.count("@") > 1 or "@" in parts.path or bool(parts.fragment)
    return marks or ("@" in parts.query and not parts.path)
