"""Tokens for sources that take one: from the environment, for their own origin only, and never stored."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from crawlers.adapter import Policy
from crawlers.errors import BadSource
from crawlers.exchange import Headers
from ipguard.sources.tables import SourceRow


def credentials_of(source: SourceRow, policy: Policy) -> Mapping[str, Headers]:
    """Origin → header fields that are sent there and withheld from every record; nothing where no token is set.

    Raises:
        BadSource: the token would go over a connection that anybody can read.
    """
    token = os.environ.get(policy.credential, "").strip() if policy.credential else ""
    if not token:
        return {}
    parts = urlsplit(source.base_url)
    if parts.scheme != "https" and not source.local:
        raise BadSource(
            f"{source.id} would send its token over a connection that anybody can read",
            hint=f"Add it again with https://, or unset {policy.credential}.",
        )
    return {f"{parts.scheme}://{parts.netloc.lower()}": (("Authorization", f"Bearer {token}"),)}
