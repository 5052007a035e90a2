"""An authority that nobody has heard of, and loopback that stays loopback."""

import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import trustme


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep loopback on loopback, whatever proxy the machine has."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def authority() -> "trustme.CA":
    """Return an authority that nobody has heard of."""
    import trustme

    return trustme.CA()


@pytest.fixture(scope="session")
def tls(authority: "trustme.CA") -> ssl.SSLContext:
    """Return what a server needs to be 127.0.0.1 and hooks.example.org."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "hooks.example.org").configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: "trustme.CA", monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Trust the authority, as a company trusts its own."""
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(bundle)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
