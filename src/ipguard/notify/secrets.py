"""Where secrets lie: in a variable of the environment, or in a file of the workspace that only its owner reads.

Rows hold the reference: `env:NAME` or `file:NAME`. A secret is never logged and never part of an error.
"""

from __future__ import annotations

import os
import re
import secrets as draw
from dataclasses import dataclass
from pathlib import Path

from ipguard.errors import NotConfigured, WrongUse

VARIABLE = re.compile(r"IPGUARD_[A-Z0-9_]{1,80}")
FILE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\.key")
MAX_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of a workspace's channels."""

    folder: Path

    def keep(self, value: str) -> str:
        """Write a secret down for ourselves only; returns its reference."""
        if not value.strip() or len(value.encode()) > MAX_BYTES:
            raise WrongUse("That secret is empty or too long.")
        self.folder.mkdir(mode=0o700, exist_ok=True)
        name = f"{draw.token_hex(8)}.key"
        descriptor = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(value.strip())
        return f"file:{name}"

    def read(self, reference: str) -> str:
        """The secret a reference leads to; empty for an empty one.

        Raises:
            NotConfigured: it is not there.
        """
        if not reference:
            return ""
        place, _, name = reference.partition(":")
        if place == "env" and VARIABLE.fullmatch(name):
            value = os.environ.get(name, "").strip()
            if not value:
                raise NotConfigured(f"{name} is not set", hint=f"Set {name} where ipguard runs.")
            return value
        if place == "file" and FILE.fullmatch(name):
            try:
                return (self.folder / name).read_text("utf-8").strip()
            except OSError as error:
                raise NotConfigured(
                    f"The key file {name} cannot be read", hint="Add the channel again with its secret."
                ) from error
        raise NotConfigured("A channel names no usable place for its secret", hint="Add it again.")

    def forget(self, reference: str) -> None:
        """Remove a secret that was written down."""
        place, _, name = reference.partition(":")
        if place == "file" and FILE.fullmatch(name):
            (self.folder / name).unlink(missing_ok=True)


def variable(name: str) -> str:
    """The reference of a variable.

    Raises:
        WrongUse: it is not one of ours: another program's secret must not be sent anywhere.
    """
    if VARIABLE.fullmatch(name) is None:
        raise WrongUse(
            f"“{name}” is no variable for a secret of ours.",
            hint="Its name begins with IPGUARD_ and is in capitals.",
        )
    return f"env:{name}"
