"""From a message to the mail that is sent: headers, parts, and which mails form a thread.

Written by hand, for two reasons. The standard library reads a subject before it writes it: words
of the registry that look like an encoded word would be decoded on our side, line ends in them
too. And its generator and its quoted-printable are Python: they take most of the time of a mail.
"""

import base64
import binascii
import re
import uuid
from email.utils import format_datetime

from monitor.errors import DeliveryError
from monitor.model.messages import ALONE, Message
from monitor.model.sanitize import sanitize
from monitor.settings.hosts import Mailbox

# Never to be changed: new mails would no longer join the threads of those already sent.
_THREADS = uuid.UUID("6d9b5a1e-0d0f-5a53-9a0c-6f9d6d0a1c52")
_UNSUBSCRIBE = "list-unsubscribe"
_VALUE_CHARS = 900  # of a header beyond the subject
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_PLAIN = re.compile(r"[ -~]{0,200}")  # RFC 5322 allows 998 in a line
_WORD_BYTES = 45  # 60 letters of base64: an encoded word has at most 75 characters


def _from(sender: Mailbox) -> str:
    """Return the sender as a header holds it."""
    if not sender.name:
        return sender.address
    if not sender.name.isascii() or "=?" in sender.name:
        return f"{_encode_words(sender.name)} <{sender.address}>"
    if _ATOMS.fullmatch(sender.name):
        return f"{sender.name} <{sender.address}>"
    quoted = sender.name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{sender.address}>'


def message_id(message: Message, domain: str) -> str:
    """Return the Message-ID: the same however often the message is sent."""
    return f"<{message.uid}@{domain}>"


def thread_root(message: Message, domain: str) -> str:
    """Return the id of the mail that all mails of one trial to one person answer.

    No such mail was ever sent. Mail programs thread by the ids that mails name (RFC 5322,
    3.6.4), so mails which answer one and the same id stand together although each has its own
    subject, also where one was deleted or never arrived, and nothing has to be remembered.
    """
    of = f"{message.thread}\n{message.subscriber}\n{message.target}"
    return f"<thread-{uuid.uuid5(_THREADS, of)}@{domain}>"


def compose(message: Message, sender: Mailbox, *, to: str | None = None) -> bytes:
    """Return the mail as it goes over the wire, lines ended by CRLF, all of it ASCII.

    ``to``: an address instead of the message's target. Both must be addresses. DeliveryError,
    permanent, when the message asks for a header that it must not set.
    """
    headers = [
        ("From", _from(sender)),
        ("To", message.target if to is None else to),
        ("Subject", _encode_words(sanitize(message.subject))),
        # A digest is dated by its cut-off, so a repetition bears the same date.
        ("Date", format_datetime(message.dated_at or message.occurred_at)),
        ("Message-ID", message_id(message, sender.domain)),
        *_thread_headers(message, sender.domain),
        ("Auto-Submitted", "auto-generated"),  # RFC 3834: no vacation notes, please
        ("X-Auto-Response-Suppress", "All"),  # the same for Exchange
        *_more_headers(message),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return head.encode("ascii") + _parts(message)


def _thread_headers(message: Message, domain: str) -> list[tuple[str, str]]:
    if message.thread == ALONE:
        return []
    root = thread_root(message, domain)
    return [("In-Reply-To", root), ("References", root)]


def _encode_words(line: str) -> str:
    """Return a line as a header may hold it: as it is, or in encoded words (RFC 2047)."""
    if _PLAIN.fullmatch(line) and "=?" not in line:
        return line
    words = [b""]
    # Character by character: an encoded word must not end inside a character (RFC 2047, section 5).
    for character in line:
        encoded = character.encode("utf-8", "replace")
        if len(words[-1]) + len(encoded) > _WORD_BYTES:
            words.append(b"")
        words[-1] += encoded
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in words)


def _parts(message: Message) -> bytes:
    """Return the rest of the mail: what it is made of, and both parts."""
    # "=_" occurs in no quoted-printable text, so no text can end a part.
    boundary = f"=_{message.uid}"
    start = f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="{boundary}"'
    pieces = [start.encode("ascii")]
    for text, kind in ((message.text, "plain"), (message.html, "html")):
        about = (
            f'\r\n--{boundary}\r\nContent-Type: text/{kind}; charset="utf-8"\r\n'
            "Content-Transfer-Encoding: quoted-printable\r\n"
        )
        pieces += [about.encode("ascii"), _encode_quoted_printable(text)]
    return b"\r\n".join([*pieces, f"--{boundary}--\r\n".encode("ascii")])


def _encode_quoted_printable(text: str) -> bytes:
    """Return a text that survives every server on its way: ASCII, short lines."""
    # One kind of line end for `b2a_qp`; a bare CR makes some servers refuse the mail.
    lines = "\n".join(text.splitlines()).encode("utf-8", "replace")
    return binascii.b2a_qp(lines, istext=True).replace(b"\n", b"\r\n")


def _more_headers(message: Message) -> list[tuple[str, str]]:
    """Return what the message adds: X-… headers, and List-Unsubscribe from an address."""
    found = []
    for name, value in message.headers.items():
        line = sanitize(value)
        # A value must not end its header and begin another, wherever it came from.
        plain = name.isascii() and name.replace("-", "").isalnum()
        if len(line) > _VALUE_CHARS or not plain:
            message_ = f"the header {sanitize(name)[:40]} cannot be sent"
            raise DeliveryError(message_, permanent=True)
        if name.lower() == _UNSUBSCRIBE:
            found += _unsubscribing(line)
        elif name.lower().startswith("x-"):
            found.append((name, _encode_words(line)))
        else:
            message_ = f"a message must not set the header {sanitize(name)[:40]}"
            raise DeliveryError(message_, permanent=True)
    return found


def _unsubscribing(address: str) -> list[tuple[str, str]]:
    """Return RFC 2369's header, and RFC 8058's for what takes a POST: https only."""
    address = address.strip().removeprefix("<").removesuffix(">")
    usable = address.startswith(("https://", "http://", "mailto:"))
    # A comma or a bracket would make several addresses of it (RFC 2369).
    if not usable or not address.isascii() or set("<> ,") & set(address):
        raise DeliveryError("List-Unsubscribe takes one address", permanent=True)
    found = [("List-Unsubscribe", f"<{address}>")]
    if address.startswith("https://"):
        found.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return found
