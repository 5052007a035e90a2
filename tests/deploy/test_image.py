"""The image, built and run without an engine: every RUN step, the daemon, its health, its end.

Two things stay unproved here. The base image is a virtual environment of a Python at hand. The
step that makes the user needs root in a system of its own, so it is read instead of run.
"""

import json
import re
import shlex
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.studies import NCT, study
from tests.deploy.building import Builder, Image, NoIndexError, base_environment
from tests.deploy.dockerfile import BuildStage, read
from tests.deploy.running import Container, read_only, written
from tests.registry import Records, Replica, ReplicaServer, World

# Most of a minute of work, which other tests of a parallel run can make several.
pytestmark = pytest.mark.timeout(400)

PROJECT = Path(__file__).parents[2]
STAGES = read(PROJECT / "Dockerfile")
READY_S = 90
END_S = 60


def version_of(stage: BuildStage) -> str:
    """Return the Python version of a stage's base: 3.13."""
    return stage.base.partition(":")[2].partition("-")[0]


@pytest.fixture(scope="module")
def builder() -> Iterator[Builder]:
    """Return a builder whose folder other users may enter (pytest's own are private)."""
    with tempfile.TemporaryDirectory(prefix="monitor-image-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        base = base_environment(folder / "base", version_of(STAGES[0]))
        yield Builder(project=PROJECT, root=folder / "root", base=base)


@pytest.fixture(scope="module")
def image(builder: Builder) -> Image:
    """Return the image; skip visibly where no package index can be reached."""
    try:
        return builder.build(STAGES)
    except NoIndexError as exc:
        pytest.skip(f"the package index cannot be reached from here ({exc})")


@pytest.fixture(scope="module")
def temporary(image: Image) -> Iterator[Path]:
    """Return the image's ``/tmp``; everything else but the volume is read-only meanwhile."""
    with read_only(image) as folder:
        yield folder


@pytest.fixture
def container(image: Image, temporary: Path) -> Container:
    """Return the image ready to run, with a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return Container(image, temporary, {"MONITOR_WEB__LISTEN": f"127.0.0.1:{port}"})


def test_every_step_but_the_one_that_needs_root_was_run(builder: Builder, image: Image) -> None:
    steps = [step.text for stage in STAGES for step in stage.all("RUN")]
    assert builder.ran == steps[:-1]
    assert builder.not_run == steps[-1:]
    assert image.volume.is_dir()


def test_the_image_holds_the_locked_libraries_and_none_for_development(image: Image) -> None:
    lock = (PROJECT / "requirements.lock").read_text("utf-8").splitlines()
    locked = {line.split("==")[0] for line in lock if line[:1].isalnum()}
    (packages,) = image.at("/opt/monitor/lib").glob("python*/site-packages")
    names = {
        folder.stem.rpartition("-")[0].replace("_", "-").lower()
        for folder in packages.glob("*.dist-info")
    }
    assert names - {"trial-monitor"} <= locked
    assert {"trial-monitor", "sqlalchemy", "tzdata"} <= names
    assert not names & {"pip", "pytest", "uv-build", "mypy"}


def test_the_bytecode_is_in_the_image(image: Image) -> None:
    (package,) = image.at("/opt/monitor/lib").glob("python*/site-packages/monitor")
    sources = {file.stem for file in (package / "store").glob("*.py")}
    compiled = {file.name.partition(".")[0] for file in (package / "store").rglob("*.pyc")}
    assert sources <= compiled


def test_the_program_may_write_nothing_but_its_volume_and_tmp(container: Container) -> None:
    attempt = "import sys; open(sys.argv[1], 'w')"
    image = container.image
    for folder, allowed in (
        (image.at("/opt/monitor/bin"), False),
        (image.at("/etc/monitor"), False),
        (image.folder, False),
        (image.volume, True),
    ):
        done = container.run("python", "-c", attempt, str(folder / "attempt"))
        assert (done.returncode == 0) is allowed, folder
    (image.volume / "attempt").unlink()


def healthy(container: Container) -> bool:
    """Tell what the HEALTHCHECK of the image says."""
    check = container.image.stage.one("HEALTHCHECK").text.partition(" CMD ")[2]
    assert check == '["monitor", "health"]'
    return container.run("monitor", "health").returncode == 0


def until(done: Callable[[], bool], daemon: "subprocess.Popen[str]") -> None:
    """Wait for something that the running daemon does."""
    deadline = time.monotonic() + READY_S
    while not done():
        assert daemon.poll() is None, daemon.communicate()
        assert time.monotonic() < deadline, "the daemon does not become healthy, or follows nothing"


@pytest.fixture
def registry() -> Iterator[ReplicaServer]:
    """Return a registry with one record."""
    records = Records()
    records.put(study("2026-03-02"), on="2026-03-02")
    with ReplicaServer(Replica(World(records, day="2026-03-02"))) as running:
        yield running


def follow(container: Container, temporary: Path, registry: ReplicaServer) -> None:
    """Configure the container to follow the registry's record."""
    file = temporary / "monitor.toml"
    file.write_text(
        f'[[source]]\nname = "one"\ntype = "ctgov"\nbase_url = "{registry.base_url}"\n'
        f'nct_ids = ["{NCT}"]\nevery = "1h"\n',
        "utf-8",
    )
    container.environ["MONITOR_CONFIG"] = str(file)


def followed(container: Container) -> bool:
    """Return whether the registry's record is in the store."""
    return container.run("monitor", "show", NCT).returncode == 0


def test_the_daemon_starts_is_healthy_follows_and_ends_at_sigterm(
    container: Container, temporary: Path, registry: ReplicaServer
) -> None:
    follow(container, temporary, registry)
    before = written(container.image, temporary)
    assert not healthy(container), "nothing runs yet"
    daemon = container.start()
    try:
        until(lambda: healthy(container) and followed(container), daemon)
        daemon.send_signal(signal.SIGTERM)
        out, err = daemon.communicate(timeout=END_S)
    finally:
        daemon.kill()
        daemon.wait()
    assert daemon.returncode == 0, out + err
    assert "Traceback" not in err
    assert (container.image.volume / "monitor.db").is_file()
    assert not healthy(container), "nothing runs any more"
    assert written(container.image, temporary) == before


def test_a_secret_in_a_file_is_read(container: Container, temporary: Path) -> None:
    secret = temporary / "database_url"
    secret.write_text(f"sqlite:///{container.image.volume}/elsewhere.db\n", "utf-8")
    container.environ["MONITOR_DATABASE_URL_FILE"] = str(secret)
    done = container.run("monitor", "db", "upgrade")
    made = f"monitor: made a new store at {container.image.volume}/elsewhere.db\n"
    assert done.returncode == 0
    assert done.stderr.endswith(made.rpartition("/")[2])
    assert done.stderr.count("\n") == 1
    assert (container.image.volume / "elsewhere.db").is_file()


def test_the_backup_of_the_page_is_a_whole_store(container: Container) -> None:
    page = (PROJECT / "docs" / "deployment.md").read_text("utf-8")
    (line,) = re.findall(r"docker compose exec monitor (monitor db backup .+)", page)
    (copied,) = re.findall(r"docker compose cp monitor:/srv/monitor/(\S+)", page)
    assert container.run("monitor", "db", "upgrade").returncode == 0
    for _ in range(2):  # each backup takes the last one's place
        done = container.run(*shlex.split(line))
        assert (done.returncode, done.stderr) == (0, "")
    container.environ["MONITOR_DATABASE_URL"] = f"sqlite:///{copied}"
    status = container.run("monitor", "db", "status", "--json")
    assert json.loads(status.stdout)["status"] == "current"
