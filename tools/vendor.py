"""Fetches what the console and its tests take from npm and writes it where it is committed.

`python tools/vendor.py` needs npm and the network; nothing else does. It packs the pinned versions, copies the
files that are used with their licences, draws the sprite of the icons that are used, and writes `vendor.lock`:
name, version, licence, and the SHA-256 of every file. A test checks the files against the lock.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
CONSOLE = ROOT / "src/ipguard/web/static/vendor"
TESTS = ROOT / "tests/support/vendor"
ICONS = """
activity archive arrow-left arrow-right badge-check ban bell blend book-open briefcase calendar check
chevron-down chevron-left chevron-right chevron-up circle-alert circle-check circle-help circle-x
clock columns-2 contrast copy download expand external-link eye eye-off file-check file-text filter
fingerprint flag folder-plus folders gavel globe group history image inbox info keyboard layers link list
list-checks lock log-out mail maximize menu monitor moon package pause pencil play plug plus
radar refresh-cw rotate-ccw rss scale scan-search search send settings shield shield-alert shield-check
shuffle sliders-horizontal square-check store sun tag trash-2 triangle-alert undo-2 upload user users
waypoints x zap
"""


@dataclass(frozen=True)
class Package:
    """What is taken of one npm package: path in it → name here."""

    name: str
    version: str
    licence: str
    into: Path
    files: dict[str, str] = field(default_factory=dict)


PACKAGES = (
    Package(
        "htmx.org",
        "4.0.1",
        "0BSD",
        CONSOLE,
        {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "htmx.LICENSE.txt"},
    ),
    Package(
        "@fontsource-variable/inter",
        "5.3.0",
        "OFL-1.1",
        CONSOLE,
        {"files/inter-latin-wght-normal.woff2": "inter-latin.woff2", "LICENSE": "inter.LICENSE.txt"},
    ),
    Package("lucide-static", "1.62.0", "ISC", CONSOLE, {"LICENSE": "lucide.LICENSE.txt"}),
    Package(
        "axe-core",
        "4.14.1",
        "MPL-2.0",
        TESTS,
        {"axe.min.js": "axe.min.js", "LICENSE": "axe.LICENSE.txt"},
    ),
)


def main() -> None:
    """Fetch, copy, draw the sprite, write the locks."""
    locks: dict[Path, list[dict[str, object]]] = {}
    for package in PACKAGES:
        with tempfile.TemporaryDirectory() as scratch:
            folder = unpacked(package, Path(scratch))
            package.into.mkdir(parents=True, exist_ok=True)
            for source, name in package.files.items():
                (package.into / name).write_bytes((folder / source).read_bytes())
            names = list(package.files.values())
            if package.name == "lucide-static":
                (package.into / "icons.svg").write_text(sprite(folder / "icons"), "utf-8")
                names.append("icons.svg")
        told = {name: hashlib.sha256((package.into / name).read_bytes()).hexdigest() for name in names}
        locks.setdefault(package.into, []).append(
            {"name": package.name, "version": package.version, "licence": package.licence, "files": told}
        )
    for folder, packages in locks.items():
        (folder / "vendor.lock").write_text(json.dumps(packages, indent=1) + "\n", "utf-8")


def unpacked(package: Package, scratch: Path) -> Path:
    """The folder of a package as npm publishes it."""
    subprocess.run(["npm", "pack", "--silent", f"{package.name}@{package.version}"], cwd=scratch, check=True)
    with tarfile.open(next(scratch.glob("*.tgz"))) as archive:
        archive.extractall(scratch, filter="data")
    return scratch / "package"


def sprite(folder: Path) -> str:
    """One SVG with a symbol for every icon that is used."""
    symbols = []
    for name in ICONS.split():
        drawing = (folder / f"{name}.svg").read_text("utf-8")
        inside = re.sub(r"\s+", " ", drawing.partition("<svg")[2].partition(">")[2].rpartition("</svg>")[0])
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
            f'stroke-linecap="round" stroke-linejoin="round">{inside.strip()}</symbol>'
        )
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


if __name__ == "__main__":
    main()
