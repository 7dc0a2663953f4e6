"""What codecs do to a process; run in another one, where they are found by their names."""

from __future__ import annotations

import os
import time
from pathlib import Path

from ipguard.matching.images.isolated import look as really_look
from ipguard.matching.images.matcher import PictureVerdict


def look(folder: str, data: bytes, sha256: str) -> PictureVerdict:
    match data[:5]:
        case b"abort":
            note(data)
            os.abort()
        case b"once:":
            mark = Path(data[5:].decode())
            if not mark.exists():
                mark.touch()
                os.abort()
            return PictureVerdict()
        case b"stall":
            time.sleep(600)
        case b"eats:":
            bytearray(3 * 1024**3)
        case b"waits":
            time.sleep(0.05)
            return PictureVerdict()
    return really_look(folder, data, sha256)


def note(data: bytes) -> None:
    """One line a try, in the file that is named."""
    with Path(data[5:].decode()).open("a") as file:
        file.write("tried\n")
