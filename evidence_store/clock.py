"""What this machine knows about its own clock (FORMAT 3.2): read from the kernel, nobody is asked.

Linux keeps, for every program to read, what its time daemon (chrony, ntpd, systemd-timesyncd) last said:
`adjtimex(2)` with no mode set, unprivileged. Its `maxerror` bounds the error, as root dispersion does (RFC 5905 §11.2).
"""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass

STA_UNSYNC = 0x0040
STA_NANO = 0x2000
TIME_ERROR = 5


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The state of the clock at one moment; None where nothing is known."""

    source: str
    synchronised: bool | None
    offset_us: int | None
    """What the daemon still had to correct, microseconds."""
    dispersion_us: int | None
    """Largest error that the daemon vouches for, microseconds; grows while nobody sets the clock."""


class _Timex(ctypes.Structure):
    """struct timex of linux/timex.h; the tail is padding."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 512),
    )


def read_clock() -> ClockReading:
    """Ask the kernel; where it cannot be asked (other systems, a sandbox), say that nothing is known."""
    try:
        timex = _Timex()
        library = ctypes.CDLL(None, use_errno=True)
        state = library.adjtimex(ctypes.byref(timex))
    except (AttributeError, OSError):
        return ClockReading(f"system clock of {os.uname().sysname}", None, None, None)
    if state < 0:
        return ClockReading("system clock; the kernel does not tell its state", None, None, None)
    synchronised = state != TIME_ERROR and not timex.status & STA_UNSYNC
    offset = timex.offset // 1000 if timex.status & STA_NANO else timex.offset
    return ClockReading(
        "system clock, state from the kernel (adjtimex)",
        synchronised,
        offset if synchronised else None,
        timex.maxerror if synchronised else None,
    )
