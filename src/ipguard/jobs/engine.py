"""The port every job engine fits, and what a job is."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

JobArgument = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Job:
    """One call of a plain function; its arguments are JSON, so that any engine can carry it."""

    task: str
    """Name in the table of tasks."""
    arguments: Mapping[str, JobArgument] = field(default_factory=lambda: MappingProxyType({}))
    key: str = ""
    """Two jobs of the same key never run at the same time; here: the host they ask. Empty: no matter."""


Task = Callable[..., None]
"""A plain synchronous function with JSON arguments. It must be safe to run again after a crash."""
AsyncTask = Callable[..., Awaitable[None]]
"""The same as a coroutine function, for what mostly waits for a network."""
AnyTask = Task | AsyncTask


class JobEngine(Protocol):
    """Runs jobs. Nothing is promised for a job that was never run: what is due stays due in our own rows."""

    def defer(self, job: Job) -> None:
        """Have `job` run soon, by this or another process."""
        ...

    def run(self, stop: threading.Event) -> None:
        """Run jobs until `stop` is set and those begun have ended."""
        ...
