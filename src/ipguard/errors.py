"""Errors people meet: what happened, why, what to try, and the exit code that says whose fault it was.

IpguardError
├── WrongUse         2  the command or its input is wrong
├── NotAllowed       2  whoever asks may not do this
├── NotConfigured    3  something has to be set up first
├── SourceRefused    4  a source refused or could not be reached
├── DoesNotVerify    5  evidence does not verify
└── Interrupted      1  the run ended early; says what was kept
"""

from __future__ import annotations


class IpguardError(Exception):
    """Base of every error this program tells people about."""

    exit_code: int = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class WrongUse(IpguardError):
    """The command or its input is wrong; nothing was changed."""

    exit_code = 2


class NotAllowed(IpguardError):
    """Whoever asks may not do this; nothing was changed."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "", right: str = "") -> None:
        super().__init__(message, hint=hint)
        self.right = right
        """The right that is missing."""


class NotConfigured(IpguardError):
    """Something has to be set up first."""

    exit_code = 3


class SourceRefused(IpguardError):
    """A source refused us or could not be reached."""

    exit_code = 4


class DoesNotVerify(IpguardError):
    """Evidence does not verify."""

    exit_code = 5


class Interrupted(IpguardError):
    """The run ended early (full disk, locked database); the message says what was kept."""
