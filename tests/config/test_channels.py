"""[[channel]] tables: what comes out of good ones, what a wrong one is told, and no secret."""

import io
import traceback
from pathlib import Path

import pytest
from rich.console import Console
from rich.pretty import pprint

from monitor.config import load
from monitor.errors import ConfigError
from monitor.settings import (
    AnyChannelSettings,
    AppriseChannelSettings,
    ConsoleChannelSettings,
    EmailChannelSettings,
    FolderChannelSettings,
    SlackChannelSettings,
    WebhookChannelSettings,
)
from monitor.settings.channels import CHANNEL_TYPES

SECRET = "s3cret-wörd"  # noqa: S105  # of nothing
MAIL = 'type = "email"\nserver = "h"\nsender = "m@example.org"\nto = "a@example.org"\n'
OF_TYPE = {
    "email": f'{MAIL}username = "m"\npassword = SECRET\n',
    "slack": 'type = "slack"\nurl = SECRET\n',
    "webhook": 'type = "webhook"\nurl = SECRET\nsecret = SECRET\n',
    "apprise": 'type = "apprise"\nurl = SECRET\n',
}


def channels(
    tmp_path: Path, text: str, environ: dict[str, str] | None = None
) -> tuple[AnyChannelSettings, ...]:
    file = tmp_path / "monitor.toml"
    file.write_text(text, "utf-8")
    return load(file, environ={} if environ is None else environ).channels


def message(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        channels(tmp_path, text, environ)
    output = str(caught.value)
    assert "\n" not in output
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    return output


def channel(lines: str, name: str = "out") -> str:
    return f'[[channel]]\nname = "{name}"\n{lines}\n'


def test_every_type_of_channel_is_read_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = channels(
        tmp_path,
        channel('type = "console"', "e")
        + channel('type = "folder"\npath = "out"\nformats = "json"', "d")
        + channel('type = "webhook"\nurl = "https://h"\nsecret = ["whsec_a", "whsec_b"]', "c")
        + channel('type = "apprise"\nurl = "ntfy://x"', "f")
        + channel('type = "slack"\nurl = "https://h"', "b")
        + channel(f"{MAIL}security = 'tls'\nper_minute = 30", "a"),
    )
    assert [type(one) for one in found] == [
        ConsoleChannelSettings, FolderChannelSettings, WebhookChannelSettings,
        AppriseChannelSettings, SlackChannelSettings, EmailChannelSettings,
    ]  # fmt: skip
    console, folder, webhook, _, slack, mail = found
    assert isinstance(folder, FolderChannelSettings)
    assert folder.formats == ("json",)
    assert isinstance(webhook, WebhookChannelSettings)
    assert [secret.reveal() for secret in webhook.secret] == ["whsec_a", "whsec_b"]
    assert isinstance(mail, EmailChannelSettings)
    assert (mail.to, mail.security, mail.password) == (("a@example.org",), "tls", None)
    assert (console.per_minute, slack.per_minute, mail.per_minute) == (0, 60, 30)


@pytest.mark.parametrize("name", CHANNEL_TYPES)
def test_a_channel_that_lacks_a_key_is_told_which_one(tmp_path: Path, name: str) -> None:
    if name == "console":
        assert channels(tmp_path, channel('type = "console"'))
        return
    text = message(tmp_path, channel(f'type = "{name}"'))
    assert '[[channel]] "out" ' in text
    assert " is missing; write " in text


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", "what kind of channel is it? write type = \"email\" or type = \"slack\""),
        ('type = "smtp"', "what kind of channel is it?"),
        (f'{MAIL}securty = "tls"', '"out" securty: there is no such key; did you mean security?'),
        (f'{MAIL}security = "ssl"', "security = 'ssl' is invalid: expected none, starttls or tls"),
        (f"{MAIL}per_minute = -1", "per_minute = -1 is invalid: expected a whole number from 0"),
        (MAIL.replace('"a@example.org"', "[]"), "to = [] is invalid: expected an address"),
        (MAIL.replace('"a@example.org"', '"ana"'), "to = ['ana'] is invalid"),
        ('type = "folder"\npath = " "', "path = ' ' is invalid: expected the path of a folder"),
        ('type = "folder"\npath = "a"\nformats = ["pdf"]', "formats = ['pdf'] is invalid"),
        ('type = "slack"\nurl = 7', 'url is invalid: expected the webhook\'s URL, "${SLACK'),
        ('type = "slack"\nurl = " "', "url is invalid"),
        ('type = "slack"\nurl = "u"\nurl_file = "f"', "url_file: url is there already"),
        ('type = "folder"\npath_file = "f"', "path_file: there is no such key; did you mean path"),
        ('type = "webhook"\nurl = "u"\nsecret = [1]', '"out" secret is invalid'),
    ],
)  # fmt: skip
def test_a_wrong_channel_is_told_what_to_write(tmp_path: Path, lines: str, said: str) -> None:
    assert said in message(tmp_path, channel(lines))


def test_two_channels_of_one_name_are_refused(tmp_path: Path) -> None:
    text = channel('type = "console"') + channel('type = "console"', "OUT")
    assert '"OUT" is there twice; give each channel its own name' in message(tmp_path, text)


def test_the_operator_s_channel_has_to_be_there(tmp_path: Path) -> None:
    text = '[delivery]\noperator = "ot"\n'
    assert "operator: there is no [[channel]] 'ot'; write a [[channel]]" in message(tmp_path, text)
    text += channel('type = "console"')
    assert "there is no [[channel]] 'ot'; did you mean out?" in message(tmp_path, text)
    assert channels(tmp_path, text.replace('"ot"', '"out"'))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sender": '"monitor"'}, "sender = 'monitor' is invalid: expected an address"),
        ({"sender": '"M <m@example.org>\\nBcc: e@example.org"'}, "sender: 'M <m@example.org>"),
        ({"to": "[]"}, "to = [] is invalid: expected an address or a list of them"),
        ({"to": '["ana@example.org", "ben@"]'}, "to: 'ben@' is not an e-mail address"),
        ({"to": '"Ana <ana@example.org>"'}, "to: 'Ana <ana@example.org>' is not an e-mail"),
        ({"to": '"ana@exämple.org"'}, "to: 'ana@exämple.org' is not an e-mail address"),
        ({"server": '"mail.example.org:smtp"'}, "server is invalid: expected HOST or HOST:PORT"),
        ({"server": '"mail.example.org:99999"'}, "server is invalid: expected HOST or HOST:PORT"),
        ({"server": '""'}, "server is invalid: expected HOST or HOST:PORT"),
        ({"security": '"ssl"'}, "security = 'ssl' is invalid: expected none, starttls or tls"),
        ({"username": '"a"'}, "has a username or a password alone; write both, or none"),
        ({"password": '"pl"'}, "has a username or a password alone; write both, or none"),
        (
            {"security": '"none"', "username": '"a"', "password": '"pl"'},
            'would send its password unencrypted; write security = "starttls" or "tls"',
        ),
        (
            {"hello": '"me\\r\\nMAIL"'},
            "hello = 'me\\r\\nMAIL' is invalid: expected what this",
        ),
    ],
)
def test_a_mail_channel_that_cannot_work_is_told_what_to_write(
    tmp_path: Path, changed: dict[str, str], said: str
) -> None:
    keys = {
        "type": '"email"', "server": '"h"', "sender": '"m@example.org"', "to": '"a@example.org"',
        **changed,
    }  # fmt: skip
    text = channel("\n".join(f"{key} = {value}" for key, value in keys.items()))
    assert f'[[channel]] "out" {said}' in message(tmp_path, text)


def test_a_login_goes_unencrypted_to_this_very_machine_only(tmp_path: Path) -> None:
    login = 'security = "none"\nusername = "m"\npassword = "p"'
    for server in ("localhost", "127.0.0.1:25", "[::1]:25"):
        assert channels(tmp_path, channel(MAIL.replace('"h"', f'"{server}"') + login))


def test_each_address_of_a_mail_channel_counts_once(tmp_path: Path) -> None:
    (found,) = channels(tmp_path, channel(MAIL.replace('"a@example.org"', '["a@b.c", "a@b.c"]')))
    assert isinstance(found, EmailChannelSettings)
    assert found.to == ("a@b.c",)


def test_channels_cannot_be_set_by_variables() -> None:
    with pytest.raises(ConfigError, match=r"write channels into the file, as \[\[channel\]\]"):
        load(environ={"MONITOR_CHANNEL__NAME": "x"})


# --- secrets ----------------------------------------------------------------------------------


def revealed(one: AnyChannelSettings) -> str:
    if isinstance(one, EmailChannelSettings):
        assert one.password is not None
        return one.password.reveal()
    assert isinstance(one, SlackChannelSettings | WebhookChannelSettings | AppriseChannelSettings)
    return one.url.reveal()


@pytest.mark.parametrize("name", OF_TYPE)
def test_a_secret_is_written_referred_to_or_in_a_file(tmp_path: Path, name: str) -> None:
    lines = OF_TYPE[name]
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n", "utf-8")
    by_file = lines.replace("url =", "url_file =").replace("secret =", "secret_file =")
    by_file = by_file.replace("password =", "password_file =").replace("SECRET", f'"{file}"')
    for text, environ in (
        (lines.replace("SECRET", f'"{SECRET}"'), {}),
        (lines.replace("SECRET", '"${PW}"'), {"PW": SECRET}),
        (by_file, {}),
    ):
        (found,) = channels(tmp_path, channel(text), environ)
        assert revealed(found) == SECRET


@pytest.mark.parametrize("name", OF_TYPE)
def test_settings_of_channels_are_printed_without_their_secrets(tmp_path: Path, name: str) -> None:
    text = channel(OF_TYPE[name].replace("SECRET", f'"{SECRET}"'))
    found = channels(tmp_path, text)
    screen = io.StringIO()
    pprint(found, console=Console(file=screen, width=200))
    for shown in (repr(found), str(found[0]), screen.getvalue()):
        assert SECRET not in shown
        assert "Secret(***)" in shown


def test_a_secret_is_looked_up_only_when_it_is_used(tmp_path: Path) -> None:
    environ: dict[str, str] = {}
    (found,) = channels(tmp_path, channel('type = "slack"\nurl = "${HOOK}"'), environ)
    with pytest.raises(ConfigError, match=r'\[\[channel\]\] "out" url: \$\{HOOK\} stands for .* '):
        revealed(found)
    environ["HOOK"] = SECRET
    assert revealed(found) == SECRET


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read"), (b"", "is empty"), (b"\xff", "not UTF-8")]
)
def test_a_secret_s_file_that_will_not_do_is_named(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    (found,) = channels(tmp_path, channel(f'type = "slack"\nurl_file = "{file}"'))
    with pytest.raises(ConfigError, match=said) as caught:
        revealed(found)
    assert f'"out" url_file names {file}' in str(caught.value)


@pytest.mark.parametrize(
    "lines",
    [
        f"{MAIL}password = ['{SECRET}']",
        f"{MAIL}password = {{ a = '{SECRET}' }}",
        f"type = 'webhook'\nurl = '{SECRET}'\nsecret = ['{SECRET}', 1]",
        f"type = 'slack'\nurl = '{SECRET}'\nsecrt = 1",
        f"type = 'slack'\nurl = '{SECRET}'\nper_minute = 'x'",
    ],
)
def test_an_error_of_a_channel_shows_no_secret(tmp_path: Path, lines: str) -> None:
    assert '"out" ' in message(tmp_path, channel(lines))


@pytest.mark.parametrize("server", [f"m:{SECRET}@h:587", f"smtp://m:{SECRET}@h", "smtp://h"])
def test_a_login_in_the_server_is_refused_and_not_shown(tmp_path: Path, server: str) -> None:
    text = message(tmp_path, channel(MAIL.replace('"h"', f'"{server}"')))
    assert text.endswith(
        '[[channel]] "out" server is invalid: expected HOST or HOST:PORT, smtp.example.org:587;'
        " a login goes into username and password"
    )
