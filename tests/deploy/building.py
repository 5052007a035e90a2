"""Building an image without an engine: each step's commands, in a folder that stands for ``/``.

Absolute places of ENV, WORKDIR, COPY and VOLUME are put below the folder; a RUN names places by
variables or relatively, so that its commands run as they are written. What an engine does and this
does not: the base image (a fresh virtual environment of a Python at hand stands for it), layers,
and the steps that make users, which need root (``ROOT_ONLY``): of those only the folders are made.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.deploy.context import context_files
from tests.deploy.dockerfile import BuildStage, Step, expand

ROOT_ONLY = frozenset({"groupadd", "useradd", "install"})
_STEP_S = 350
_PLACE = re.compile(r"/[\w./-]+")
_UNREACHABLE = re.compile(
    r"Retry\(total=|NewConnectionError|Temporary failure in name resolution|ProxyError|"
    r"ReadTimeoutError|Read timed out|ProtocolError|IncompleteRead"
)


class NoIndexError(Exception):
    """The package index cannot be reached, so nothing can be built here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What came out: the folder that stands for ``/``, and how a container of it would start."""

    root: Path
    stage: BuildStage
    environ: dict[str, str]

    def at(self, place: str) -> Path:
        """Return where an absolute place of the image lies."""
        return self.root / place.lstrip("/")

    @property
    def folder(self) -> Path:
        """The working folder."""
        return self.at(self.stage.one("WORKDIR").text)

    @property
    def volume(self) -> Path:
        """The place of the volume."""
        (place,) = self.stage.one("VOLUME").words
        return self.at(place)


@dataclass(slots=True, kw_only=True)
class Builder:
    """Builds the stages of a Dockerfile of a project below a folder.

    ``base`` is the virtual environment that stands for the base image.
    """

    project: Path
    root: Path
    base: Path
    ran: list[str] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)
    _stages: dict[str, Path] = field(default_factory=dict)

    def build(self, stages: list[BuildStage]) -> Image:
        """Return the image of the last stage; NoIndexError, or AssertionError for a bad step."""
        for stage in stages[:-1]:
            self._build(stage)
            # The next stage begins at the same place: what was built knows where it lies.
            self._stages[stage.name] = self.root.with_name(f"stage-{stage.name}")
            self.root.rename(self._stages[stage.name])
        environ = self._build(stages[-1])
        return Image(root=self.root, stage=stages[-1], environ=environ)

    def _build(self, stage: BuildStage) -> dict[str, str]:
        self.root.mkdir(mode=0o755)
        environ = {"PATH": f"{self.base / 'bin'}:/usr/local/bin:/usr/bin:/bin"}
        arguments: dict[str, str] = {}
        folder = self.root
        for step in stage.steps:
            if step.name == "ENV":
                placed = {name: self._placed(value) for name, value in step.pairs.items()}
                environ |= {name: expand(value, environ) for name, value in placed.items()}
            elif step.name == "ARG":
                arguments |= step.pairs
            elif step.name == "WORKDIR":
                folder = self._at(step.text)
                folder.mkdir(parents=True, exist_ok=True)
            elif step.name == "COPY":
                self._copy(step.words, folder)
            elif step.name == "RUN":
                self._run(step, folder, arguments | environ)
        return environ

    def _placed(self, value: str) -> str:
        return f"{self.root}{value}" if value.startswith("/") else value

    def _at(self, place: str) -> Path:
        return self.root / place.lstrip("/")

    def _copy(self, words: list[str], folder: Path) -> None:
        *sources, target = [word for word in words if not word.startswith("--")]
        to = self._at(target) if target.startswith("/") else folder / target
        stage = next((word for word in words if word.startswith("--from=")), None)
        for source in sources:
            if stage is not None:
                origin = self._stages[stage.removeprefix("--from=")] / source.lstrip("/")
                shutil.copytree(origin, to, symlinks=True)
                continue
            inside = [one for one in context_files(self.project) if one.is_relative_to(source)]
            assert inside, f"the context holds no {source}"
            for file in inside:
                place = to / file.relative_to(source)
                if place == to and (target.endswith("/") or to.is_dir()):
                    place = to / file.name
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(self.project / file, place)

    def _run(self, step: Step, folder: Path, environ: dict[str, str]) -> None:
        commands = [shlex.split(command) for command in step.text.split("&&")]
        if all(command[0] in ROOT_ONLY for command in commands):
            self.not_run.append(step.text)
            for command in commands:
                if command[:2] == ["install", "--directory"]:
                    self._at(command[-1]).mkdir(parents=True)
            return
        absolute = [word for command in commands for word in command if _PLACE.fullmatch(word)]
        assert not absolute, f"a RUN names places by variables, not {absolute}"
        done = subprocess.run(
            ["/bin/sh", "-c", step.text],
            cwd=folder,
            env=_outside() | environ,
            capture_output=True,
            text=True,
            timeout=_STEP_S,
            check=False,
        )
        self.ran.append(step.text)
        if done.returncode and _UNREACHABLE.search(done.stderr):
            raise NoIndexError(step.text)
        assert done.returncode == 0, f"{step.text}\n{done.stdout}{done.stderr}"


def _outside() -> dict[str, str]:
    """Return what the machine says about the way to the package index, and no more."""
    ways = ("PIP_", "HTTP_", "HTTPS_", "ALL_", "NO_", "SSL_", "REQUESTS_")
    kept = {name: value for name, value in os.environ.items() if name.upper().startswith(ways)}
    return {**kept, "HOME": str(Path.home()), "PIP_RETRIES": "5"}


def base_environment(folder: Path, version: str) -> Path:
    """Return a fresh virtual environment: of Python ``version`` where there is one, else of ours.

    It sees its Python's own pip, as a base image does; where there is none it gets one.
    """
    found = shutil.which(f"python{version}")
    for python in filter(None, (found, sys.executable)):
        made = _succeeds(
            [python, "-m", "venv", "--without-pip", "--system-site-packages", str(folder)]
        )
        own = str(folder / "bin" / "python")
        if made and (
            _succeeds([own, "-m", "pip", "--version"]) or _succeeds([own, "-m", "ensurepip"])
        ):
            return folder
    raise AssertionError("no Python here can make a virtual environment with pip")


def _succeeds(command: list[str]) -> bool:
    done = subprocess.run(command, capture_output=True, timeout=_STEP_S, check=False)
    return done.returncode == 0
