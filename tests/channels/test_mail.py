"""The mail itself: parts, ids, threads, and headers that nothing can break out of."""

import email
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.channels.mail import compose
from monitor.errors import DeliveryError
from monitor.settings.hosts import Mailbox, read_address
from tests.channels.examples import SUBJECT, message

UNSUBSCRIBE = "https://monitor.example.org/unsubscribe/a1b2c3"


def sent(**changed: Any) -> EmailMessage:
    """Return the mail as a mail program reads it."""
    found = read_address("Trial monitor <monitor@example.org>")
    assert found is not None
    content = compose(message(**changed), found)
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    mail = email.message_from_bytes(content, policy=default)
    assert isinstance(mail, EmailMessage)
    assert mail.defects == []
    return mail


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


def test_a_mail_holds_text_and_html() -> None:
    mail = sent()
    assert mail.get_content_type() == "multipart/alternative"
    text, html = mail.iter_parts()
    assert text.get_content_type() == "text/plain"
    assert html.get_content_type() == "text/html"
    assert lines(text.get_content()) == lines(message().text)
    assert lines(html.get_content()) == lines(message().html)


def test_the_headers_say_from_whom_to_whom_and_when() -> None:
    mail = sent()
    assert mail["From"] == "Trial monitor <monitor@example.org>"
    assert mail["To"] == "ana@example.org"
    assert mail["Subject"] == SUBJECT
    assert mail["Date"] == "Thu, 19 Feb 2026 08:00:00 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_the_message_id_is_the_message_s_and_the_sender_s() -> None:
    assert sent()["Message-ID"] == sent()["Message-ID"] == f"<{message().uid}@example.org>"
    assert sent()["Message-ID"] != sent(number=2)["Message-ID"]


def test_all_mails_of_a_trial_to_one_person_answer_one_mail() -> None:
    roots = [
        sent(**changed)["References"]
        for changed in (
            {"number": 1},
            {"number": 2, "subject": "NCT06733935: now recruiting"},
            {"thread": "NCT06602232"},
            {"subscriber": "ben"},
            {"target": "ben@example.org"},
        )
    ]
    assert roots[0] == roots[1]
    assert len(set(roots)) == 4
    mail = sent()
    assert mail["In-Reply-To"] == mail["References"]
    assert mail["References"] != mail["Message-ID"]


def test_unsubscribing_takes_one_click_where_there_is_a_public_address() -> None:
    mail = sent(headers={"List-Unsubscribe": UNSUBSCRIBE})
    assert mail["List-Unsubscribe"] == f"<{UNSUBSCRIBE}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("address", ["http://10.0.0.1/off", "mailto:monitor@example.org"])
def test_one_click_needs_https(address: str) -> None:
    mail = sent(headers={"List-Unsubscribe": address})
    assert mail["List-Unsubscribe"] == f"<{address}>"
    assert mail["List-Unsubscribe-Post"] is None


def test_without_a_public_address_nothing_is_said_of_unsubscribing() -> None:
    assert sent()["List-Unsubscribe"] is None
    assert sent()["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Bcc": "eve@example.org"},
        {"From": "eve@example.org"},
        {"X-Trial\r\nBcc": "eve@example.org"},
        {"X-Long": "x" * 1_000},
        {"List-Unsubscribe": "javascript:alert(1)"},
        {"List-Unsubscribe": f"{UNSUBSCRIBE}>, <mailto:eve@example.org"},
    ],
)
def test_a_message_sets_no_header_that_is_not_its_own(headers: dict[str, str]) -> None:
    with pytest.raises(DeliveryError) as caught:
        sent(headers=headers)
    assert caught.value.permanent


@pytest.mark.parametrize(
    "words",
    [
        "NCT1\r\nBcc: eve@example.org",
        "NCT1\nBcc: eve@example.org\n\nanother body",
        "NCT1\rBcc: eve@example.org",
        "NCT1\x85Bcc: eve@example.org",
        "NCT1\u2028Bcc: eve@example.org",
        "NCT1\x00\x0b\x0cBcc: eve@example.org",
        "=?utf-8?q?NCT1=0D=0ABcc:_eve=40example.org?=",
        "NCT1 \ud800 half a letter",
        "\u202eNCT1 turned round",
        "x" * 5_000,
        "ü" * 5_000,
    ],
)
def test_no_subject_breaks_out_of_its_header(words: str) -> None:
    mail = sent(subject=words, headers={"X-Trial": words[:100]})
    assert mail["Bcc"] is None
    assert set(mail.keys()) == {*sent().keys(), "X-Trial"}
    assert mail["Subject"].count("eve@example.org") == words.count("eve@example.org")
    assert len(list(mail.iter_parts())) == 2


@given(subject=st.text(), text=st.text(), html=st.text())
def test_whatever_the_registry_says_the_mail_holds_it_in_its_place(
    subject: str, text: str, html: str
) -> None:
    mail = sent(subject=subject, text=text, html=html)
    assert set(mail.keys()) == set(sent().keys())
    parts = list(mail.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    for part, given_text in zip(parts, (text, html), strict=True):
        got = part.get_content().replace("\r\n", "\n").removesuffix("\n")
        encoded = "\n".join(given_text.splitlines()).encode("utf-8", "replace").decode()
        assert got == encoded.removesuffix("\n")


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("monitor@example.org", "", "monitor@example.org"),
        ("Trial monitor <monitor@example.org>", "Trial monitor", "monitor@example.org"),
        ('"Monitor, Trial" <monitor@example.org>', "Monitor, Trial", "monitor@example.org"),
        ("Überwachung <monitor@example.org>", "Überwachung", "monitor@example.org"),
    ],
)
def test_an_address_is_read_with_or_without_a_name(text: str, name: str, address: str) -> None:
    found = read_address(text)
    assert found is not None
    assert (found.name, found.address) == (name, address)


@pytest.mark.parametrize(
    "name", ["Monitor, Trial", 'The "monitor"', "a\\b", "=?utf-8?q?Bcc?=", "Überwachung, neu", "M"]
)
def test_the_sender_s_name_arrives_as_it_is(name: str) -> None:
    mail = email.message_from_bytes(
        compose(message(), Mailbox(name=name, address="monitor@example.org")), policy=default
    )
    (sender,) = mail["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (name, "monitor@example.org")


@pytest.mark.parametrize(
    "text",
    ["", "ana", "@example.org", "ana@", "a b@example.org", "a@b@c", "a@b.c, d@e.f", "<a@b.c",
     "a@b.c>", "a@b.c\nBcc: d@e.f", "A\r\nBcc: d@e.f <a@b.c>", "a@exämple.org", "ä@example.org"],
)  # fmt: skip
def test_what_is_no_single_address_is_not_taken(text: str) -> None:
    assert read_address(text) is None
