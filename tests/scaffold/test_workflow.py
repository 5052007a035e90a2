"""./run and .ci/run start on any machine that has a POSIX shell."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scaffold.tracked import PROJECT

RUN = PROJECT / "run"
COMMANDS = [
    "demo",
    "test",
    "lint",
    "bench",
    "meaning",
    "soak",
    "browser",
    "tools",
    "pictures",
    "lock",
]


def run(
    *arguments: str, run: Path = RUN, path: str | None = None, python: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Start ./run with nothing in its environment but PATH (and PYTHON)."""
    environ = {"PATH": path or os.environ["PATH"]}
    if python:
        environ["PYTHON"] = python
    return subprocess.run(
        [str(run), *arguments], env=environ, capture_output=True, text=True, check=False
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return the ./run of a project of its own that has no .venv, with a space in its path."""
    folder = tmp_path / "a clone"
    folder.mkdir()
    for name in ("run", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(PROJECT / name, folder / name)
    return folder / "run"


def program(folder: Path, name: str, script: str) -> Path:
    """Write a shell script that stands for an interpreter."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


def old_python(folder: Path, name: str) -> Path:
    """Write a program that runs ``-c CODE`` as Python 3.9.18 would answer about its version."""
    code = 'import sys; sys.version_info = (3, 9, 18, "final", 0); exec(sys.argv[2])'
    return program(folder, name, f"exec '{sys.executable}' -c '{code}' \"$@\"")


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """Return a PATH folder with the tools that ./run uses, but neither Python nor uv."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sh", "dirname", "cat", "cksum", "sed", "rm", "mv"):
        found = shutil.which(tool)
        assert found, tool
        (folder / tool).symlink_to(found)
    return folder


@pytest.mark.parametrize("script", ["run", ".ci/run"])
def test_the_scripts_are_executable(script: str) -> None:
    assert os.access(PROJECT / script, os.X_OK)


@pytest.mark.parametrize("script", ["run", ".ci/run"])
@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
def test_every_shell_reads_the_script(shell: str, script: str) -> None:
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"there is no {shell} here")
    assert subprocess.run([found, "-n", str(PROJECT / script)], check=False).returncode == 0


def test_ci_runs_lint_and_tests_and_fails_with_either(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(PROJECT / ".ci" / "run", tmp_path / ".ci" / "run")
    for failing, expected in (("lint", 1), ("test", 1), ("nothing", 0)):
        program(tmp_path, "run", f'echo "$1"; [ "$1" != {failing} ]')
        done = subprocess.run(
            [str(tmp_path / ".ci" / "run")], capture_output=True, text=True, check=False
        )
        assert done.stdout.split() == ["browser", "tools", "lint", "test"]
        assert done.returncode == expected


def test_ci_goes_on_where_nothing_can_be_installed(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(PROJECT / ".ci" / "run", tmp_path / ".ci" / "run")
    program(tmp_path, "run", 'echo "$1"; [ "$1" = lint ] || [ "$1" = test ]')
    done = subprocess.run(
        [str(tmp_path / ".ci" / "run")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.split()[-2:]) == (0, ["lint", "test"])
    assert "going on without Chromium" in done.stderr


def test_help_has_one_line_for_each_command() -> None:
    for arguments in ([], ["help"], ["--help"]):
        done = run(*arguments)
        assert done.returncode == 0
        assert re.findall(r"(?m)^  (\w+) +\S", done.stdout) == COMMANDS


@pytest.mark.parametrize(
    ("tools", "code", "said"),
    [
        ({"chromium": "exit 0"}, 0, "Chromium is here"),
        ({}, 1, "there is no apt-get here"),
        ({"apt-get": "exit 0", "id": "echo 1000"}, 1, "there is no sudo"),
        ({"apt-get": 'echo "asked: $*"', "id": "echo 0", "env": 'shift; "$@"'}, 0, "yes"),
        ({"apt-get": "exit 100", "id": "echo 0"}, 100, ""),
    ],
    ids=["there", "another system", "no root", "installed", "no network"],
)
def test_the_browser_comes_from_the_system_s_packages(
    clone: Path, bare_path: Path, tools: dict[str, str], code: int, said: str
) -> None:
    for name, script in tools.items():
        program(bare_path, name, script)
    done = run("browser", run=clone, path=str(bare_path))
    assert done.returncode == code
    assert said in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("tools", "said"),
    [
        ({"pgbouncer": "exit 0", "faketime": "exit 0", "systemd-analyze": "exit 0"}, []),
        ({"faketime": "exit 0"}, ["there is no apt-get", "without pgbouncer"]),
        ({"apt-get": "exit 0", "id": "echo 1000"}, ["there is no sudo", "without faketime"]),
        ({"apt-get": "exit 100", "id": "echo 0"}, ["without pgbouncer", "without faketime"]),
    ],
    ids=["there", "another system", "no root", "no network"],
)
def test_tools_that_cannot_be_installed_are_named_and_nothing_fails(
    clone: Path, bare_path: Path, tools: dict[str, str], said: list[str]
) -> None:
    for name, script in tools.items():
        program(bare_path, name, script)
    without_system_folders = clone.read_text("utf-8").replace(":/usr/sbin:/sbin", "")
    clone.write_text(without_system_folders, "utf-8")
    done = run("tools", run=clone, path=str(bare_path))
    assert done.returncode == 0
    assert [words for words in said if words not in done.stderr] == []
    assert bool(done.stderr) == bool(said)


def test_each_tool_is_installed_by_itself(clone: Path, bare_path: Path) -> None:
    """A package that is missing holds up no other."""
    program(bare_path, "apt-get", 'case "$*" in *pgbouncer) exit 100 ;; *) echo "did: $*" ;; esac')
    program(bare_path, "id", "echo 0")
    program(bare_path, "env", 'shift; "$@"')
    clone.write_text(clone.read_text("utf-8").replace(":/usr/sbin:/sbin", ""), "utf-8")
    done = run("tools", run=clone, path=str(bare_path))
    assert done.returncode == 0
    assert re.findall(r"did: .* install (\w+)", done.stdout) == ["faketime", "systemd"]
    assert "without pgbouncer" in done.stderr


def test_an_unknown_command_is_a_usage_error_with_the_list() -> None:
    done = run("tset")
    assert done.returncode == 2
    assert "there is no command tset" in done.stderr
    assert all(f"\n  {command} " in done.stderr for command in COMMANDS)


def test_an_old_python_is_told_what_is_needed(clone: Path, bare_path: Path) -> None:
    old_python(bare_path, "python3")
    done = run("test", run=clone, path=str(bare_path))
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed; python3 is 3.9.18." in done.stderr
    assert "PYTHON=" in done.stderr


def test_a_python_that_was_named_and_is_old_is_named_in_the_message(
    clone: Path, tmp_path: Path
) -> None:
    old = old_python(tmp_path, "old python")
    done = run("test", run=clone, python=str(old))
    assert done.returncode == 1
    assert f"PYTHON={old} is 3.9.18." in done.stderr


def test_a_machine_without_python_is_told_to_install_it(clone: Path, bare_path: Path) -> None:
    done = run("test", run=clone, path=str(bare_path))
    assert done.returncode == 1
    assert "no python3 is on the PATH" in done.stderr


def test_a_python_without_venv_is_told_how_to_get_it(clone: Path, bare_path: Path) -> None:
    program(
        bare_path,
        "python3",
        'case "$2" in *ensurepip*) exit 1 ;; *print*) echo 3.12.1 ;; esac',
    )
    done = run("test", run=clone, path=str(bare_path))
    assert done.returncode == 1
    assert "has no venv module" in done.stderr
    assert "python3-venv" in done.stderr
    assert not (clone.parent / ".venv").exists()


def test_a_half_made_environment_is_made_anew(clone: Path, bare_path: Path) -> None:
    left = clone.parent / ".venv" / "bin" / "python"
    left.parent.mkdir(parents=True)
    left.write_text("")
    program(bare_path, "python3", 'case "$*" in "-m venv"*) exit 7 ;; *print*) echo 3.12.1 ;; esac')
    done = run("test", run=clone, path=str(bare_path))
    assert done.returncode == 7
    assert "making .venv with Python 3.12.1 and pip" in done.stderr
    assert not left.exists()


def test_an_environment_of_other_lock_files_is_made_anew(clone: Path, bare_path: Path) -> None:
    made_from = clone.parent / ".venv" / "made-from"
    tools = made_from.parent / "bin"
    tools.mkdir(parents=True)
    program(tools, "python", "exit 0")
    program(bare_path, "python3", 'case "$*" in "-m venv"*) exit 7 ;; *print*) echo 3.12.1 ;; esac')
    sums = subprocess.run(
        ["cksum", "requirements.lock", "requirements-dev.lock"],  # noqa: S607
        cwd=clone.parent, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    made_from.write_text(f"folder {clone.parent}\n{sums}interpreter any\n")
    assert run("test", run=clone, path=str(bare_path)).returncode == 0
    with (clone.parent / "requirements-dev.lock").open("a") as lock:
        lock.write("# newer\n")
    assert run("test", run=clone, path=str(bare_path)).returncode == 7
