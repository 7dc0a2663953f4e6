"""What codecs do to a process; run in another one, where they are found by their names."""

from __future__ import annotations

import os
import time
from pathlib import Path


def look(data: bytes) -> str:
    """The picture, or what becomes of the process."""
    match data[:5]:
        case b"abort":
            with Path(data[5:].decode()).open("a") as file:
                file.write("tried\n")
            os.abort()
        case b"once:":
            mark = Path(data[5:].decode())
            if not mark.exists():
                mark.touch()
                os.abort()
        case b"stall":
            time.sleep(600)
        case b"eats:":
            bytearray(3 * 1024**3)
        case b"raise":
            raise OverflowError("nobody expected this")
        case b"waits":
            time.sleep(0.05)
    return f"seen {data[-4:].decode()}"
