"""Signed tokens: for one purpose, until an end, by any key that is kept."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.signed_tokens import Purpose, SignedToken, TokenError, read_token, sign

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TOKEN = SignedToken(
    purpose="manage", subject="reader-7f", generation=2, until=NOW + timedelta(days=1)
)


def read(
    text: str, *, purpose: Purpose = "manage", keys: tuple[str, ...] = ("key",), at: datetime = NOW
) -> SignedToken:
    return read_token(text, purpose=purpose, keys=keys, now=at)


@given(
    st.text(max_size=40),
    st.integers(0, 2**40),
    st.timedeltas(timedelta(), timedelta(days=60_000)),
)
def test_what_was_signed_is_read_and_ends_within_a_minute_of_its_end(
    subject: str, generation: int, after: timedelta
) -> None:
    until = NOW + after
    text = sign(
        SignedToken(purpose="why", subject=subject, generation=generation, until=until), "k"
    )
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
    if len(text) > 400:
        return
    try:
        found = read(text, purpose="why", keys=("k",))
    except TokenError:
        assert until <= NOW
        return
    assert (found.subject, found.generation) == (subject, generation)
    assert timedelta() <= found.until - until < timedelta(minutes=1)


def test_a_token_serves_its_own_purpose_alone() -> None:
    with pytest.raises(TokenError, match="not valid"):
        read(sign(TOKEN, "key"), purpose="confirm")


def test_a_token_ends() -> None:
    text = sign(TOKEN, "key")
    assert read(text, at=TOKEN.until - timedelta(minutes=1)) == TOKEN
    with pytest.raises(TokenError, match="ended on 2026-03-03"):
        read(text, at=TOKEN.until)


def test_former_keys_still_read_and_forgotten_ones_do_not() -> None:
    text = sign(TOKEN, "key")
    assert read(text, keys=("newer", "key")) == TOKEN
    for keys in (("newer",), ()):
        with pytest.raises(TokenError):
            read(text, keys=keys)


def test_nothing_of_a_token_can_be_changed() -> None:
    text = sign(TOKEN, "key")
    other = sign(SignedToken(purpose="manage", subject="ana", until=TOKEN.until), "key")
    body, _, mac = other.partition(".")
    changed = [
        text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :] for at in range(len(text))
    ]
    for wrong in (*changed, f"{body}.{text.partition('.')[2]}", f"{text.partition('.')[0]}.{mac}",
                  "", ".", text[:-1], f"{text}x", "\udcff.\udcff", "x" * 100_000):  # fmt: skip
        with pytest.raises(TokenError):
            read(wrong)
