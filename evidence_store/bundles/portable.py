"""`verify.pyz`: the verifier in one file, for a stranger with Python and nothing of ours.

It holds the modules that the verifier imports, found by reading their imports, and the two pure-Python libraries among
them with their licences. Beside the standard library it needs the `cryptography` package. Same sources, same bytes.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import io
import zipfile
from importlib.metadata import distribution
from pathlib import Path

from evidence_store.bundles.archive import EPOCH
from evidence_store.errors import EvidenceError

ENTRY = "evidence_store.verify.__main__"
LIBRARIES = ("asn1crypto", "rfc8785")
INSIDE = ("evidence_store", *LIBRARIES)
SHEBANG = b"#!/usr/bin/env python3\n"
START = '''\
"""Starts the verifier; says plainly what is missing."""
import sys

if sys.version_info < (3, 11):
    sys.exit("verify.pyz needs Python 3.11 or newer.")
try:
    import cryptography  # noqa: F401
except ImportError:
    sys.exit("verify.pyz needs the Python package `cryptography`: python3 -m pip install cryptography")
from evidence_store.verify.__main__ import main

sys.exit(main())
'''


@functools.cache  # the program does not change while it runs
def portable_verifier() -> bytes:
    """The bytes of verify.pyz.

    Raises:
        EvidenceError: the program's own sources are not files, as in a frozen build.
    """
    buffer = io.BytesIO()
    buffer.write(SHEBANG)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as archive:
        files = {"__main__.py": START.encode(), **_sources(), **_licences()}
        for path in sorted(files):
            info = zipfile.ZipInfo(path, EPOCH)
            info.create_system, info.external_attr = 3, 0o100444 << 16
            archive.writestr(info, files[path])
    return buffer.getvalue()


def _sources() -> dict[str, bytes]:
    """Path → source of every module that the verifier may import."""
    found: dict[str, bytes] = {}
    waiting = [ENTRY]
    while waiting:
        name = waiting.pop()
        path, origin = _place(name)
        if origin is None or path in found:
            continue
        source = origin.read_bytes()
        found[path] = source
        waiting += [name.rpartition(".")[0]] if "." in name else []
        is_package = path.endswith("__init__.py")
        waiting += _imports(source, name if is_package else name.rpartition(".")[0])
    return found


def _place(name: str) -> tuple[str, Path | None]:
    """Path inside the archive, and the file, of a module of ours; None where the name is no module."""
    if name.split(".")[0] not in INSIDE:
        return "", None
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return "", None  # the name of something inside a module
    if spec is None or spec.origin is None:
        return "", None
    origin = Path(spec.origin)
    if not origin.is_file():
        raise EvidenceError(
            "The verifier cannot be packed: its sources are not files", hint="Install ipguard with pip."
        )
    tail = "/__init__.py" if spec.submodule_search_locations is not None else ".py"
    return name.replace(".", "/") + tail, origin


def _imports(source: bytes, package: str) -> list[str]:
    """Names that a module may import, wherever in it."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level > 1 else package
            base = ".".join(part for part in (above if node.level else "", node.module or "") if part)
            names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return names


def _licences() -> dict[str, bytes]:
    found = {}
    for library in LIBRARIES:
        for file in distribution(library).files or ():
            if file.name.upper().startswith("LICENSE"):
                found[f"licences/{library}.txt"] = Path(str(file.locate())).read_bytes()
    return found
