"""Nothing that the whole program writes holds a secret: prints, log, store, messages, errors."""

import base64
import json
import os
from pathlib import Path

import pytest

from tests.channels.mailbox import ScriptedServer
from tests.channels.receiver import Receiver
from tests.cli.studies import NCT, study
from tests.forked import run_command
from tests.sources.http.loopback import error

PASSWORD = "planted-secret-of-the-mail-server"  # noqa: S105  # of nothing
PATH = "services/planted-secret-of-the-team"
HOOK = "events/planted-secret-of-a-path"
KEY = "whsec_" + base64.b64encode(b"planted-secret-of-the-hook").decode()
TOKEN = "planted-secret-of-apprise"  # noqa: S105
PLANTED = (PASSWORD, PATH, HOOK, "planted-secret", KEY, KEY.removeprefix("whsec_"), TOKEN)
ENCODED = tuple(base64.b64encode(secret.encode()).decode().rstrip("=") for secret in PLANTED)

CONFIGURATION = """
[store]
url = "sqlite:///{folder}/monitor.db"
[log]
level = "debug"
[delivery]
operator = "files"
timeout_s = 5
attempts = 2
backoff_initial_s = 1
backoff_max_s = 1
breaker_failures = 1
breaker_rest_s = 1
[[channel]]
name = "files"
type = "folder"
path = "{folder}/files"
[[channel]]
name = "mail"
type = "email"
server = "{mail}"
security = "none"
username = "monitor"
password = "${{SMTP_PASSWORD}}"
sender = "monitor@example.org"
to = "ana@example.org"
[[channel]]
name = "team"
type = "slack"
url_file = "{secrets}/slack"
allow_private = true
[[channel]]
name = "hook"
type = "webhook"
url = "${{HOOK_URL}}"
secret = "${{HOOK_SECRET}}"
allow_private = true
[[channel]]
name = "other"
type = "apprise"
url = "${{APPRISE_URL}}"
[[subscription]]
name = "all"
subscriber = "ana"
all = true
channels = ["files", "mail", "team", "hook", "other"]
"""

COMMANDS = (
    ["channel", "list", "--json"], ["channel", "test", "team"], ["channel", "test", "mail"],
    ["channel", "test", "hook"], ["channel", "test", "other"], ["doctor"], ["deliver", "--once"],
    ["deliver", "--once"], ["outbox", "list", "--json"], ["outbox", "show", "1", "--json"],
    ["outbox", "show", "2"], ["status", "--json"], ["subscription", "show", "all", "--json"],
    ["subscriber", "export", "ana"], ["preview", NCT, "--json"],
)  # fmt: skip


@pytest.mark.parametrize("status", [503, 403])
def test_nothing_that_is_written_holds_a_secret(tmp_path: Path, status: int) -> None:
    folder, secrets = tmp_path / "all", tmp_path / "secrets"
    folder.mkdir()
    secrets.mkdir()
    slack, hook, other = (echoing(status, one) for one in (PATH, f"{HOOK} and {KEY}", TOKEN))
    words = ["220 mail", "250-mail\r\n250 AUTH PLAIN", f"535 no: {PASSWORD}"]
    with slack, hook, other, ScriptedServer(words) as mail:
        (secrets / "slack").write_text(f"{slack.url}/{PATH}\n", "utf-8")
        text = run_all(folder, secrets, mail.host, hook.url, other.url)
        assert min(len(one.posts) for one in (slack, hook, other)) >= 2
    assert "ana" in text
    assert "you said ***" in text
    assert_clean(text.encode(), "what was printed")
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert {".db", ".eml", ".html", ".json"} <= {path.suffix for path in written}
    for path in written:
        assert_clean(path.read_bytes(), path.name)


def echoing(status: int, secret: str) -> Receiver:
    """Return a service that says back what it was told."""
    return Receiver(error(status, f"you said {secret}", f"Location: https://a.example/{secret}"))


def run_all(folder: Path, secrets: Path, mail: str, hook: str, other: str) -> str:
    """Let a monitor do everything that it does with channels; return all that it printed."""
    text = CONFIGURATION.format(folder=folder, secrets=secrets, mail=mail)
    (folder / "monitor.toml").write_text(text, "utf-8")
    environ = {
        **os.environ,
        "MONITOR_CONFIG": str(folder / "monitor.toml"),
        "SMTP_PASSWORD": PASSWORD,
        "HOOK_URL": f"{hook}/{HOOK}",
        "HOOK_SECRET": KEY,
        "APPRISE_URL": f"{other.replace('http', 'json')}/{TOKEN}",
    }
    record = folder / "record.json"
    output = []
    for number, enrollment in enumerate((144, 240), 1):
        record.write_text(json.dumps(study(f"2026-02-0{number}", enrollment=enrollment)), "utf-8")
        output.append(run(environ, "ingest", str(record)))
    return "\n".join([*output, *(run(environ, *command) for command in COMMANDS)])


def run(environ: dict[str, str], *command: str) -> str:
    done = run_command("--debug", *command, environ=environ)
    return f"{command}\n{done.stdout}\n{done.stderr}"


def assert_clean(content: bytes, where: str) -> None:
    found = [one for one in (*PLANTED, *ENCODED) if one.encode() in content]
    assert found == [], where
