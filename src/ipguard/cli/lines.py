"""JSON Lines that commands read: a line that is none is answered by a row that says why, and the rest goes on."""

from __future__ import annotations

import json


def row_of(number: int, line: str | bytes) -> tuple[object, dict[str, object] | None]:
    """(what stands on a line, None), or (None, the row that answers it)."""
    try:
        return json.loads(line), None
    except (ValueError, RecursionError) as error:
        return None, wrong_line(number, f"not JSON: {error}")


def wrong_line(number: int, why: str) -> dict[str, object]:
    """The row that answers a line which cannot be read; lines count from 1."""
    return {"line": number, "error": why}
