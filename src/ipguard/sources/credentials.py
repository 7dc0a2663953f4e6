"""How the hosts of a source are told who asks: its adapter says how, the keys come from `keys`, nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from crawlers.auth import Auth, Scheme
from crawlers.errors import BadSource
from crawlers.fetch.signing import SHORTEST_SECRET, Credential
from ipguard.sources.keys import Keys, variable
from ipguard.sources.tables import SourceRow


def credentials_of(source: SourceRow, auth: Auth | None, keys: Keys) -> Mapping[str, Credential]:
    """Origin → what is told to it and withheld from every record; nothing where nobody has to be told.

    A key that is missing is a Credential that says so, unless the host answers without one too.

    Raises:
        BadSource: a key would go over a connection that anybody can read, or cannot be one.
    """
    if auth is None:
        return {}
    parts = urlsplit(source.base_url)
    found: dict[str, Credential] = {}
    for host in auth.hosts or (parts.netloc,):
        receiver = _receiver(auth, host)
        values = {name: keys.get(receiver, name) for name in auth.names}
        lacking = [variable(receiver, name) for name, value in values.items() if not value]
        if lacking and auth.optional:
            continue
        origin = f"{parts.scheme}://{host.lower()}"
        if lacking:
            found[origin] = Credential(auth, missing=_missing(host, lacking, auth))
            continue
        _check(source, auth, receiver, values)
        found[origin] = Credential(auth, values)
    return found


def missing_keys(source: SourceRow, auth: Auth | None, keys: Keys) -> tuple[str, ...]:
    """Variables that are to be set before a source can be asked, or before it shows more; empty where all is there."""
    if auth is None:
        return ()
    hosts = auth.hosts or (urlsplit(source.base_url).netloc,)
    return tuple(
        variable(receiver, name)
        for receiver in dict.fromkeys(_receiver(auth, host) for host in hosts)
        for name in auth.names
        if not keys.get(receiver, name)
    )


def _receiver(auth: Auth, host: str) -> str:
    """The host that gets the keys themselves: with OAUTH2 the token endpoint's, and the source's only a token."""
    return (urlsplit(auth.token_url).netloc if auth.scheme is Scheme.OAUTH2 else host).lower()


def _missing(host: str, lacking: list[str], auth: Auth) -> str:
    where = f" A key is to be had at {auth.about}." if auth.about else ""
    return f"Skipped, because there is no key for {host}: set {' and '.join(lacking)}.{where}"


def _check(source: SourceRow, auth: Auth, receiver: str, values: Mapping[str, str]) -> None:
    clear = {urlsplit(url).scheme for url in (source.base_url, auth.token_url) if url} - {"https"}
    if clear and not source.local:
        raise BadSource(
            f"{source.id} would send its key over a connection that anybody can read",
            hint=f"Add it again with https://, or unset {variable(receiver, auth.names[0])}.",
        )
    for name, value in values.items():
        secret = name not in auth.plain
        if not value.isprintable() or not value.isascii() or (secret and len(value) < SHORTEST_SECRET):
            raise BadSource(
                f"What {variable(receiver, name)} holds cannot be a key",
                hint=f"A key has {SHORTEST_SECRET} or more printable ASCII characters; copy it again.",
            )
