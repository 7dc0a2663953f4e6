"""How commands speak: results on stdout, people on stderr, `--json` as JSON Lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

BIDI = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
CONTROL = dict.fromkeys((*range(0x09), *range(0x0B, 0x20), 0x7F, *range(0x80, 0xA0), *BIDI))
"""Terminal controls and bidi overrides: text from a listing must not move the cursor or turn words round."""


def people() -> Console:
    """The console people read: stderr, so that stdout stays clean for `--json` and pipes."""
    return Console(stderr=True, highlight=False)


def results() -> Console:
    """The console results go to when no `--json` was asked for."""
    return Console(highlight=False, soft_wrap=True)


def safe(text: object) -> str:
    """Text that came from outside, made harmless for a terminal and for rich mark-up."""
    return escape(str(text).translate(CONTROL))


def emit(row: Mapping[str, object]) -> None:
    """One JSON object on one line of stdout; escaped where a lone surrogate could not be written."""
    line = json.dumps(row, ensure_ascii=False, default=str, separators=(", ", ": "))
    if any("\ud800" <= c <= "\udfff" for c in line):
        line = json.dumps(row, default=str, separators=(", ", ": "))
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def say_json(row: Mapping[str, object]) -> None:
    """One JSON object on one line of stderr: what happens meanwhile, and what went wrong."""
    sys.stderr.write(json.dumps(row, ensure_ascii=False, default=str).translate(CONTROL) + "\n")
    sys.stderr.flush()


def say(text: str) -> None:
    """A line for people, with rich mark-up; escape foreign text with `safe`."""
    people().print(text)


def show(text: object) -> None:
    """A result for people on stdout: a line with rich mark-up, a table, a tree."""
    results().print(text)


Advance = Callable[[int, int], None]
"""Called with (done, of all); `of all` may grow while work is found."""


@contextmanager
def progress(label: str) -> Iterator[Advance]:
    """A progress bar on stderr that disappears when done; silent when stderr is no terminal."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=people(),
        transient=True,
        disable=not people().is_terminal,
    )
    with bar:
        task = bar.add_task(label, total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total or None)

        yield advance


Line = Callable[[str, str, int, int], None]
"""Called with (name, what it is at, done, of all); `what` empty takes the line away."""


@contextmanager
def progress_lines(label: str) -> Iterator[Line]:
    """A line for each thing that is under way, on stderr; they disappear when done; silent when it is no terminal."""
    bars = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=people(),
        transient=True,
        disable=not people().is_terminal,
    )
    lines: dict[str, TaskID] = {}
    with bars:
        whole = bars.add_task(label, total=None)

        def tell(name: str, what: str, done: int, total: int) -> None:
            if not what:
                if name in lines:
                    bars.remove_task(lines.pop(name))
                return
            if name not in lines:
                lines[name] = bars.add_task(safe(name), total=None)
            bars.update(
                lines[name], description=f"{safe(name)} {safe(what)}", completed=done, total=total or None
            )
            bars.update(whole, description=f"{label}: {len(lines)}")

        yield tell
