"""`python -m benchmarks [--json] [crawling] [feeds] [names] [matching] [pictures] [hunting] [evidence] [copies] [domains] [console]`: a table, or JSON Lines."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from importlib import import_module

from rich.console import Console
from rich.table import Table

ALL = (
    "crawling",
    "feeds",
    "names",
    "matching",
    "pictures",
    "hunting",
    "decoding",
    "evidence",
    "copies",
    "domains",
    "console",
)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Ratios against a named peer in the same run."
    )
    parser.add_argument("which", nargs="*", default=[], help=f"some of: {', '.join(ALL)}")
    parser.add_argument("--json", action="store_true", help="JSON Lines on stdout")
    given = parser.parse_args()
    table = Table("What", "Ours", "Peer", "Theirs", "Ratio", "Bound by", box=None, header_style="bold")
    for name in given.which or ALL:
        for row in import_module(f"benchmarks.{name}").run():
            if given.json:
                print(json.dumps({**asdict(row), "ratio": row.ratio}))
            table.add_row(
                row.what,
                f"{row.ours:,.1f} {row.unit}",
                row.peer,
                f"{row.theirs:,.1f}",
                f"{row.ratio:.2f}",
                row.bound,
            )
    if not given.json:
        Console(width=170).print(table)


if __name__ == "__main__":
    main()
