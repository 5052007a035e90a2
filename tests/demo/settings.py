"""The configuration of the demo: one registry, three channels, three subscribers."""

from pathlib import Path

_WRITTEN = """\
[store]
url = "sqlite:///{folder}/monitor.db"

[http]
requests_per_minute = 6000

[web]
listen = ""

[log]
level = "warning"

[[source]]
name = "five trials"
type = "ctgov"
base_url = "{registry}"
nct_ids = {nct_ids}
every = "1s"

[[channel]]
name = "mailbox"
type = "email"
server = "{mail}"
security = "none"
sender = "Trial monitor <monitor@example.org>"
to = "advocates@example.org"

[[channel]]
name = "team-slack"
type = "slack"
url = "{slack}"
allow_private = true
per_minute = 0

[[channel]]
name = "archive"
type = "folder"
path = "{folder}/archive"

[[subscription]]
name = "our five trials"
subscriber = "patient advocates"
nct_ids = {nct_ids}
channels = "mailbox"

[[subscription]]
name = "recruitment in lupus and sclerosis"
subscriber = "feasibility team"
filter = {{ condition = ["lupus", "sclerosis"] }}
changes = ["status", "enrollment", "sites", "dates"]
min_severity = "medium"
channels = "team-slack"

[[subscription]]
name = "everything"
subscriber = "archive"
all = true
channels = "archive"
"""


def write_settings(
    folder: Path, *, registry: str, mail: str, slack: str, nct_ids: list[str]
) -> Path:
    """Write the configuration into the folder and return its path."""
    path = folder / "monitor.toml"
    written = _WRITTEN.format(
        folder=folder, registry=registry, mail=mail, slack=slack, nct_ids=nct_ids
    )
    path.write_text(written.replace("'", '"'), encoding="utf-8")
    return path
