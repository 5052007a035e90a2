"""Bars for long runs, on a terminal only."""

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

    from monitor.ingest import IngestReport
    from monitor.sources.base import ReadProgress
    from monitor.sources.ctgov_history import HistoryProgress


class ProgressBar:
    """Shows how far an ingest is, from its first report on; a short one makes none.

    Nothing is shown where the stream is no terminal.
    """

    def __init__(self, stream: TextIO, *, environ: Mapping[str, str]) -> None:
        self._stream = stream
        # A dumb terminal, as that of Emacs, cannot move its cursor back.
        self._shown = stream.isatty() and environ.get("TERM") != "dumb"
        self._bar: RichProgress | None = None
        self._counts = ""

    def move(self, progress: "ReadProgress") -> None:
        """Take a source's report."""
        whole = progress.total_bytes
        # Short input is read with the first report, and a bar would only flash.
        if not self._shown or (self._bar is None and progress.bytes_read == whole):
            return
        if self._bar is None:
            self._bar = self._start(whole)
        self._bar.update(
            self._bar.task_ids[0],
            completed=progress.bytes_read,
            total=whole,
            records=f"{progress.records:,}",
            counts=self._counts,
        )

    def count(self, report: "IngestReport") -> None:
        """Take what the pass has done so far."""
        self._counts = f"{report.stored:,} stored, {report.quarantined:,} quarantined"

    def _start(self, total: int | None) -> "RichProgress":
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        bar = Progress(
            TextColumn("reading"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %" if total else ""),
            TextColumn("{task.fields[records]} records; {task.fields[counts]}"),
            TimeRemainingColumn(),
            console=Console(file=self._stream),
            # Removed at the end, so that the answer is all that stays on the terminal.
            transient=True,
        )
        bar.add_task("", total=total, records="0", counts="")
        bar.start()
        return bar

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


class HistoryBar:
    """Shows how far a backfill is, from its first second on; nothing where there is no terminal."""

    def __init__(self, stream: TextIO, *, environ: Mapping[str, str]) -> None:
        self._stream = stream
        self._shown = stream.isatty() and environ.get("TERM") != "dumb"
        self._bar: RichProgress | None = None

    def begin(self, trials: int) -> None:
        """Say that so many trials are asked for, before the registry has answered once."""
        if self._shown:
            self._bar = self._bar or self._start()
            many = "1 trial" if trials == 1 else f"{trials:,} trials"
            self._bar.update(self._bar.task_ids[0], total=trials, now=f"asking for {many}")

    def move(self, progress: "HistoryProgress") -> None:
        """Take a source's report."""
        if not self._shown:
            return
        if self._bar is None:
            self._bar = self._start()
        done, of = progress.versions_done, progress.versions_total
        whole = progress.trials_total
        self._bar.update(
            self._bar.task_ids[0],
            # The trial under way counts by its share of versions.
            completed=progress.trials_done + (done / of if of and done < of else 0),
            total=whole,
            now=f"{progress.trials_done:,} of {whole:,} trials; {progress.nct_id}: {done:,}/{of:,}",
        )

    def _start(self) -> "RichProgress":
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        bar = Progress(
            TextColumn("fetching"),
            BarColumn(),
            TextColumn("{task.fields[now]}"),
            TimeRemainingColumn(),
            console=Console(file=self._stream),
            transient=True,
        )
        bar.add_task("", total=None, now="")
        bar.start()
        return bar

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


class WorkBar:
    """Shows how far a long piece of work is; nothing where the stream is no terminal."""

    def __init__(self, stream: TextIO, *, environ: Mapping[str, str]) -> None:
        self._stream = stream
        self._shown = stream.isatty() and environ.get("TERM") != "dumb"
        self._bar: RichProgress | None = None

    def move(self, what: str, done: int, total: int | None) -> None:
        """Take a report: what is being done, how much of it is done, and of how much."""
        if not self._shown:
            return
        if self._bar is None:
            self._bar = self._start()
        self._bar.update(self._bar.task_ids[0], description=what, completed=done, total=total)

    def _start(self) -> "RichProgress":
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=Console(file=self._stream),
            transient=True,
        )
        bar.add_task("", total=None)
        bar.start()
        return bar

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
