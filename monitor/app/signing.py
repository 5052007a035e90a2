"""Signing links and reading them, with the keys that the store keeps."""

from dataclasses import dataclass

from monitor.app.wiring import App
from monitor.model.signed_tokens import Purpose, SignedToken, read_token
from monitor.store.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRotation:
    """How many ``former`` keys links are still checked with, and how many were forgotten."""

    former: int
    forgotten: int


def rotate_key(app: App, *, forget_former: bool) -> KeyRotation:
    """Make a new key to sign with; the former ones stay for checking unless they are forgotten."""
    with app.store(create=False) as store, store.transaction() as tx:
        tx.signing.rotate(app.now())
        forgotten = tx.signing.forget_former() if forget_former else 0
        return KeyRotation(former=len(tx.signing.keys()) - 1, forgotten=forgotten)


def verify_token(app: App, reader: Reader, text: str, purpose: Purpose) -> SignedToken:
    """Return what a link says; TokenError when it is not valid, or not for this purpose."""
    return read_token(text, purpose=purpose, keys=reader.signing.keys(), now=app.now())
