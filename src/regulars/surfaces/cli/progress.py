"""Progress bars of the command line: how far, how fast, how long yet."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from regulars.project.plainly import say


class ImportBar:
    """Follows an import; `view` reads where it stands. Quiet where the output is not a terminal, but for the stages."""

    def __init__(self, view: Callable[[], Any]) -> None:
        self._view = view
        self._console = Console()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task: TaskID | None = None
        self._stage = ""

    def __enter__(self) -> ImportBar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self) -> Any:
        """Read and draw; returns what was read."""
        view = self._view()
        stage = view.stage or "reading"
        if stage != self._stage:
            self._stage = stage
            name = say(zh="读取", en="reading") if stage == "reading" else say(zh="入账", en="posting ")
            if self._task is not None:
                self._progress.stop_task(self._task)
            self._task = self._progress.add_task(name, total=view.total, pace="")
        assert self._task is not None
        self._progress.update(self._task, completed=view.done, total=view.total, pace=pace(view))
        return view


def pace(view: Any) -> str:
    """“1,234/s · 0:05”: the rate and the time left, as far as they are known."""
    parts = []
    if view.rate:
        parts.append(f"{view.rate:,.0f}/s")
    if view.seconds_left is not None:
        minutes, seconds = divmod(round(view.seconds_left), 60)
        parts.append(say(zh=f"剩余 {minutes}:{seconds:02d}", en=f"{minutes}:{seconds:02d} left"))
    return " · ".join(parts)
