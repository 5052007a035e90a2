"""What the deployment's files promise: the image, the context, Compose and systemd."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.config.raw_values import read_environment
from monitor.settings import Settings
from tests.deploy.context import context_files, is_ignored, read_rules
from tests.deploy.dockerfile import expand, read

PROJECT = Path(__file__).parents[2]
MEGABYTE = 1 << 20
PROGRAM = "/opt/monitor/bin/monitor"
UNIT = PROJECT / "deploy" / "monitor.service"
GREATEST_EXPOSURE = 1.5  # of 10, as systemd-analyze counts


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """Return compose.yaml."""
    found: dict[str, Any] = yaml.safe_load((PROJECT / "compose.yaml").read_text("utf-8"))
    return found


def directives() -> list[tuple[str, str]]:
    """Return the unit's directives in order; a name may be there twice."""
    lines = UNIT.read_text("utf-8").splitlines()
    return re.findall(r"(?m)^(\w+)=(.*)$", "\n".join(lines))


def seconds(text: str) -> float:
    """Return a length of time that is written in seconds: 60s."""
    assert re.fullmatch(r"\d+s", text), text
    return float(text[:-1])


def test_the_build_context_is_small_and_holds_nothing_private() -> None:
    files = context_files(PROJECT)
    assert (
        sum((PROJECT / file).stat().st_size for file in files) < 4 * MEGABYTE
    )  # the program has three
    tops = {file.parts[0] for file in files}
    assert tops == {
        "LICENSE", "README.md", "config", "monitor", "pyproject.toml", "requirements-dev.lock",
        "requirements.lock",
    }  # fmt: skip
    assert not [file for file in files if "__pycache__" in file.parts]


def test_the_build_context_holds_all_that_is_copied() -> None:
    files = {file.as_posix() for file in context_files(PROJECT)}
    for stage in read(PROJECT / "Dockerfile"):
        for step in stage.all("COPY"):
            if not step.text.startswith("--from="):
                for source in step.words[:-1]:
                    assert any(f"{file}/".startswith(f"{source}/") for file in files), source


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("monitor/app/__init__.py", False),
        ("monitor/app/__pycache__/wiring.cpython-313.pyc", True),
        ("monitorial", True),
        ("config/monitor.toml", False),
        ("config/own.toml", True),
        (".git/config", True),
        (".venv/bin/monitor", True),
        ("deploy/secrets/database_url", True),
        ("snapshots/monitor.db", True),
        ("tests/conftest.py", True),
    ],
)
def test_the_rules_of_the_context_say(path: str, ignored: bool) -> None:
    assert is_ignored(path, read_rules((PROJECT / ".dockerignore").read_text("utf-8"))) is ignored


def test_the_image_runs_as_a_user_with_fixed_numbers_who_owns_the_volume() -> None:
    *_, image = read(PROJECT / "Dockerfile")
    uid, gid = image.one("USER").text.split(":")
    (volume,) = image.one("VOLUME").words
    (step,) = image.all("RUN")
    commands = [command.split() for command in step.text.split(" && ")]
    group, user, folder = commands
    assert group == ["groupadd", "--system", "--gid", gid, "monitor"]
    assert (user[0], user[user.index("--uid") + 1], user[user.index("--gid") + 1]) == (
        "useradd",
        uid,
        gid,
    )
    assert folder == [
        "install", "--directory", "--owner", uid, "--group", gid, "--mode", "0750", volume,
    ]  # fmt: skip
    assert int(uid) >= 1000


def test_the_store_of_the_default_configuration_lies_on_the_volume() -> None:
    *_, image = read(PROJECT / "Dockerfile")
    url = tomllib.loads((PROJECT / "config" / "monitor.toml").read_text("utf-8"))["store"]["url"]
    store = Path(image.one("WORKDIR").text, url.removeprefix("sqlite:///"))
    assert image.one("VOLUME").words == [str(store.parent)]
    (environ,) = [step.pairs for step in image.all("ENV")]
    assert environ["MONITOR_CONFIG"] == "/etc/monitor/monitor.toml"
    assert ["config/monitor.toml", "/etc/monitor/monitor.toml"] in [
        step.words for step in image.all("COPY")
    ]


def test_signals_reach_the_program_itself() -> None:
    *_, image = read(PROJECT / "Dockerfile")
    assert image.one("ENTRYPOINT").text == '["monitor"]', "no shell in between"
    assert image.one("CMD").text == '["run"]'
    assert image.one("STOPSIGNAL").text == "SIGTERM"
    assert image.one("HEALTHCHECK").text.endswith(' CMD ["monitor", "health"]')


def test_the_image_says_what_it_is() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    *_, image = read(PROJECT / "Dockerfile")
    values = {name: value for step in image.all("ARG") for name, value in step.pairs.items()}
    (labels,) = [step.pairs for step in image.all("LABEL")]
    text = {name.rpartition(".")[2]: expand(value, values) for name, value in labels.items()}
    assert text["version"] == project["version"]
    assert (text["title"], text["description"]) == (project["name"], project["description"])
    assert text["licenses"] == project["license"]


def test_both_stages_come_from_one_slim_python_of_a_pinned_minor_version() -> None:
    bases = {stage.base for stage in read(PROJECT / "Dockerfile")}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+-slim(-\w+)?", bases.pop())


def test_compose_locks_the_daemon_in(compose: dict[str, Any]) -> None:
    *_, image = read(PROJECT / "Dockerfile")
    for name in ("monitor", "monitor-postgres"):
        service = compose["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert [one.partition(":")[0] for one in service["tmpfs"]] == ["/tmp"]  # noqa: S108
        assert f"snapshots:{image.one('VOLUME').words[0]}" in service["volumes"]
        assert "ports" not in service, "published only where somebody asks for it"
    assert {"snapshots", "postgres"} == set(compose["volumes"])


def test_nobody_is_killed_while_the_grace_lasts(compose: dict[str, Any]) -> None:
    grace_s = Settings().daemon.shutdown_grace_s
    for name in ("monitor", "monitor-postgres"):
        assert seconds(compose["services"][name]["stop_grace_period"]) > grace_s
    assert seconds(dict(directives())["TimeoutStopSec"]) > grace_s


def test_the_page_names_what_it_tells_about(compose: dict[str, Any]) -> None:
    page = (PROJECT / "docs" / "deployment.md").read_text("utf-8")
    *_, image = read(PROJECT / "Dockerfile")
    assert image.one("USER").text in page
    assert image.one("VOLUME").words[0] in page
    for variable in set(re.findall(r"MONITOR_[A-Z_]*[A-Z]", page)) - {"MONITOR_CONFIG"}:
        assert read_environment({variable.removesuffix("_FILE"): "some"}), variable
    for name in re.findall(r"docker compose (?:exec|cp|stop|kill --signal HUP) (\w[\w-]*)", page):
        assert name in compose["services"], name


def test_a_configuration_that_an_editor_replaces_is_seen_in_the_container() -> None:
    mounts = [
        mount
        for file in ("compose.yaml", "docs/deployment.md")
        for mount in re.findall(r"\S+:(/etc/monitor\S*):ro", (PROJECT / file).read_text("utf-8"))
    ]
    assert set(mounts) == {"/etc/monitor"}, "a file that is mounted alone stays the old one"
    assert len(mounts) == 2


def test_all_containers_are_started_again(compose: dict[str, Any]) -> None:
    page = (PROJECT / "docs" / "deployment.md").read_text("utf-8")
    (call,) = re.findall(r"docker run (?:.*\\\n)+.*", page)
    assert "--restart unless-stopped" in call
    assert {one["restart"] for one in compose["services"].values()} == {"unless-stopped"}


def test_an_upgrade_is_told_for_each_profile(compose: dict[str, Any]) -> None:
    page = (PROJECT / "docs" / "deployment.md").read_text("utf-8")
    steps = page.partition("\n## Upgrade\n")[2]
    for name in set(compose["services"]) - {"postgres"}:
        assert f"docker compose stop {name}" in steps
        assert f"docker compose run --rm {name} db upgrade" in steps


def test_each_profile_of_compose_is_one_daemon_with_its_store(compose: dict[str, Any]) -> None:
    by_profile: dict[str, set[str]] = {}
    for name, service in compose["services"].items():
        for profile in service["profiles"]:
            by_profile.setdefault(profile, set()).add(name)
    assert by_profile == {"sqlite": {"monitor"}, "postgres": {"monitor-postgres", "postgres"}}
    assert "COMPOSE_PROFILES=sqlite\n" in (PROJECT / ".env").read_text("utf-8")


def test_the_password_of_postgresql_is_a_secret_in_a_file(compose: dict[str, Any]) -> None:
    daemon, postgres = (compose["services"][name] for name in ("monitor-postgres", "postgres"))
    assert daemon["environment"]["MONITOR_DATABASE_URL_FILE"] == "/run/secrets/database_url"
    assert daemon["secrets"] == ["database_url"]
    assert postgres["environment"]["POSTGRES_PASSWORD_FILE"] == "/run/secrets/postgres_password"  # noqa: S105
    assert postgres["secrets"] == ["postgres_password"]
    assert daemon["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert postgres["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]
    page = (PROJECT / "deploy" / "secrets" / "README.md").read_text("utf-8")
    ignored = (PROJECT / "deploy" / "secrets" / ".gitignore").read_text("utf-8").splitlines()
    for secret in compose["secrets"].values():
        folder, _, name = secret["file"].rpartition("/")
        assert folder == "./deploy/secrets"
        assert f"> {name}\n" in page
    assert ignored == ["*", "!.gitignore", "!README.md"]


def test_the_service_is_locked_in() -> None:
    text = dict(directives())
    for name, value in (
        ("DynamicUser", "yes"),
        ("StateDirectory", "monitor"),
        ("WorkingDirectory", "%S/monitor"),
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("CapabilityBoundingSet", ""),
        ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"),
        ("ExecStart", f"{PROGRAM} run"),
        ("ExecReload", "/bin/kill -HUP $MAINPID"),
        ("KillSignal", "SIGTERM"),
        ("Restart", "on-failure"),
        ("RestartPreventExitStatus", "2"),
        ("RestartForceExitStatus", "SIGHUP"),
        ("StartLimitIntervalSec", "0"),
    ):
        assert text[name] == value, name
    assert ("SystemCallFilter", "@system-service") in directives()


@pytest.fixture
def analyze() -> str:
    """Return systemd-analyze; skip where there is none."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("there is no systemd-analyze here (./run tools installs it)")
    return program


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """Return the unit with a program that is there: systemd looks whether it can be started."""
    file = tmp_path / UNIT.name
    text = UNIT.read_text("utf-8")
    assert f"ExecStart={PROGRAM} run\n" in text
    file.write_text(text.replace(PROGRAM, "/bin/true"), "utf-8")
    return file


def test_systemd_finds_no_fault_with_the_unit(analyze: str, unit: Path) -> None:
    done = subprocess.run(
        [analyze, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_systemd_finds_the_service_little_exposed(analyze: str, unit: Path) -> None:
    done = subprocess.run(
        [analyze, "security", "--offline=true", "--no-pager", str(unit)],
        capture_output=True, text=True, check=False, env={"LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    if "unrecognized option" in done.stderr or "Unknown option" in done.stderr:
        pytest.skip("this systemd-analyze judges only services that are installed")
    found = re.search(r"Overall exposure level for monitor\.service: ([\d.]+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert float(found[1]) <= GREATEST_EXPOSURE
