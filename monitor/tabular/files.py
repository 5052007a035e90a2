"""Write tables to files: each file, and each dataset, appears whole or not at all.

Exports call it with rows as they come from the store; the formats are in ``text_files`` and
``parquet``.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from monitor.errors import UsageError
from monitor.tabular.columns import TableLayout
from monitor.tabular.parquet import write_dataset, write_parquet
from monitor.tabular.text_files import write_csv, write_json_lines

TableFormat = Literal["csv", "jsonl", "parquet"]

_PARTITION = re.compile(r"year=-?[0-9]+/part-[0-9]+\.parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """A table to be written: in which form, to which file.

    ``by_year``: to a folder instead, partitioned by year (Parquet). ``bom``: see ``write_csv``.
    """

    format: TableFormat
    path: Path
    by_year: bool = False
    bom: bool = False

    @classmethod
    def at(
        cls, to: Path, *, name: str, chosen: TableFormat | None, bom: bool = False
    ) -> "TableFile":
        """Return what ``to`` means: a file, or the file or dataset of that name in a folder.

        ``chosen`` None: as the file's name ends, else CSV.
        """
        is_folder = to.is_dir()
        ending = to.suffix.lstrip(".").lower()
        by_name: TableFormat | None = next((one for one in FORMATS if one == ending), None)
        form: TableFormat = chosen or (None if is_folder else by_name) or "csv"
        if not is_folder:
            return cls(format=form, path=to, bom=bom)
        by_year = form == "parquet"
        return cls(
            format=form, path=to / (name if by_year else f"{name}.{form}"), by_year=by_year, bom=bom
        )

    def write(self, rows: Iterable[Any], layout: TableLayout[Any]) -> int:
        """Write rows; return how many.

        OSError when nothing can be written; UsageError where the folder has other files than
        those of a dataset.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.by_year:
            with _new_dataset(self.path) as folder:
                return write_dataset(folder, rows, layout)
        with _new_file(self.path) as file:
            return write_stream(file, rows, layout, self.format, bom=self.bom)


FORMATS: tuple[TableFormat, ...] = ("csv", "jsonl", "parquet")


def write_stream(
    file: BinaryIO, rows: Iterable[Any], layout: TableLayout[Any], form: TableFormat, *, bom: bool
) -> int:
    """Write rows to a file that is open; return how many."""
    if form == "csv":
        return write_csv(file, rows, layout, bom=bom)
    return (write_json_lines if form == "jsonl" else write_parquet)(file, rows, layout)


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file that replaces the target at the end."""
    # In the same folder: only within one file system is a rename atomic (POSIX rename(2)), so
    # that a reader finds the old file or the new one, never half of one.
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        # mkstemp makes files for their owner alone; give it the mode that `open` would have
        # given. The umask can only be read by setting it.
        mask = os.umask(0)
        os.umask(mask)
        Path(beside).chmod(0o666 & ~mask)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


@contextmanager
def _new_dataset(path: Path) -> Iterator[Path]:
    """Make a temporary folder that replaces the target at the end."""
    _require_replaceable(path)
    beside = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    beside.chmod(0o755)
    try:
        yield beside
        if path.exists():
            # A folder that is not empty cannot be replaced by renaming: for a moment there is
            # neither.
            shutil.rmtree(path)
        beside.replace(path)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _require_replaceable(path: Path) -> None:
    """Raise UsageError unless the path is free or has an earlier dataset."""
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise UsageError(f"{path} is no folder; name another one with --to")
    found = (file.relative_to(path).as_posix() for file in path.rglob("*") if not file.is_dir())
    strange = next((name for name in found if not _PARTITION.fullmatch(name)), None)
    if strange is not None:
        raise UsageError(f"{path / strange} is no part of an earlier export; nothing was written")
