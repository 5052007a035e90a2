"""Reading a Dockerfile: only what this project's own uses; anything else is an error."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_KNOWN = frozenset(
    {
        "FROM",
        "ARG",
        "ENV",
        "LABEL",
        "WORKDIR",
        "COPY",
        "RUN",
        "VOLUME",
        "USER",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "ENTRYPOINT",
        "CMD",
    }
)
_REFERENCE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One instruction: its name in capitals, and what stands behind it on one line."""

    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """The words behind the name: an exec form's, or as a shell would part them."""
        if self.text.startswith("["):
            return [str(word) for word in json.loads(self.text)]
        return shlex.split(self.text)

    @property
    def pairs(self) -> dict[str, str]:
        """The NAME=value pairs of ENV, ARG and LABEL; a value may still hold references."""
        return dict(word.split("=", 1) for word in self.words if "=" in word)


@dataclass(slots=True, kw_only=True)
class BuildStage:
    """The instructions between one FROM and the next; ``name`` "" when it bears none."""

    base: str
    name: str
    steps: list[Step] = field(default_factory=list)

    def all(self, name: str) -> list[Step]:
        """Return the instructions of one name."""
        return [step for step in self.steps if step.name == name]

    def one(self, name: str) -> Step:
        """Return the only instruction of a name."""
        (found,) = self.all(name)
        return found


def read(file: Path) -> list[BuildStage]:
    """Return the stages in order; ValueError for what this reader does not know."""
    stages: list[BuildStage] = []
    arguments: dict[str, str] = {}
    for step in _steps(file.read_text("utf-8")):
        if step.name not in _KNOWN or "<<" in step.text:
            raise ValueError(f"this reader knows no such step: {step.name} {step.text}")
        if step.name == "FROM":
            base, _, name = expand(step.text, arguments).partition(" AS ")
            stages.append(BuildStage(base=base, name=name))
        elif not stages:
            arguments |= step.pairs
        else:
            stages[-1].steps.append(step)
    return stages


def expand(text: str, values: Mapping[str, str]) -> str:
    """Return the text with ``$NAME`` and ``${NAME}`` replaced; KeyError for an unknown name."""
    return _REFERENCE.sub(lambda found: values[found[1] or found[2]], text)


def _steps(text: str) -> Iterator[Step]:
    whole = ""
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            continue
        whole += line.strip()
        if whole.endswith("\\"):
            whole = whole[:-1]
        elif whole:
            name, _, rest = whole.partition(" ")
            yield Step(name=name.upper(), text=rest.strip())
            whole = ""
    if whole:
        raise ValueError("the last step does not end")
