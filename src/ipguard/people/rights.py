"""Roles, what each role may do, and who acts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ipguard.errors import NotAllowed


class Right(StrEnum):
    """One thing that somebody may do."""

    READ = "read"
    """Look at alerts, listings, sellers, cases, sources, reports."""
    DECIDE = "decide"
    """Decide about an alert and take a decision back."""
    BULK = "bulk"
    """Decide about several alerts at once."""
    SUPPRESS = "suppress"
    """Make and end suppressions and rules."""
    CASE_EDIT = "case_edit"
    """Open a case, put alerts and captures into it, close it."""
    EXPORT = "export"
    """Let a bundle, a report or a list leave the house."""
    SEND = "send"
    """Approve and send notices."""
    WATCHLIST_EDIT = "watchlist_edit"
    SOURCE_RUN = "source_run"
    """Run, pause and resume a source."""
    SOURCE_EDIT = "source_edit"
    """Add, change and remove sources and their schedule."""
    INTEGRATION_EDIT = "integration_edit"
    """Channels, webhooks, keys of others."""
    PEOPLE_EDIT = "people_edit"
    AUDIT_READ = "audit_read"


class Role(StrEnum):
    """What somebody is here for."""

    ANALYST = "analyst"
    LEGAL = "legal"
    ADMIN = "admin"
    READER = "reader"
    """May look, and change nothing."""


_ANALYST = {Right.READ, Right.DECIDE, Right.BULK, Right.SUPPRESS, Right.CASE_EDIT, Right.SOURCE_RUN}
_LEGAL = {Right.READ, Right.DECIDE, Right.CASE_EDIT, Right.EXPORT, Right.SEND}

RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.ANALYST: frozenset(_ANALYST),
    Role.LEGAL: frozenset(_LEGAL),
    Role.ADMIN: frozenset(Right),
    Role.READER: frozenset({Right.READ}),
}
"""What each role may do; the whole rule."""


ROLE_WORDS: Mapping[Role, str] = {
    Role.ANALYST: "Analyst",
    Role.LEGAL: "Legal",
    Role.ADMIN: "Admin",
    Role.READER: "Read only",
}
"""Roles in words; the console translates them."""

RIGHT_WORDS: Mapping[Right, str] = {
    Right.READ: "look at alerts, cases and sources",
    Right.DECIDE: "decide about alerts",
    Right.BULK: "decide about several alerts at once",
    Right.SUPPRESS: "make and end suppressions",
    Right.CASE_EDIT: "open and fill cases",
    Right.EXPORT: "export bundles, reports and lists",
    Right.SEND: "approve and send notices",
    Right.WATCHLIST_EDIT: "change the watchlist",
    Right.SOURCE_RUN: "run and pause sources",
    Right.SOURCE_EDIT: "add and change sources",
    Right.INTEGRATION_EDIT: "change integrations",
    Right.PEOPLE_EDIT: "invite people and change their roles",
    Right.AUDIT_READ: "read the audit log",
}
"""Rights in words, after “may”; the console translates them."""


class Scope(StrEnum):
    """What a token is good for. It never gives more than the role of the person it belongs to."""

    READ = "read"
    DECIDE = "decide"
    CASES = "cases"
    EXPORT = "export"
    SOURCES = "sources"
    ADMIN = "admin"


SCOPES: Mapping[Scope, frozenset[Right]] = {
    Scope.READ: frozenset({Right.READ}),
    Scope.DECIDE: frozenset({Right.READ, Right.DECIDE, Right.BULK, Right.SUPPRESS}),
    Scope.CASES: frozenset({Right.READ, Right.CASE_EDIT}),
    Scope.EXPORT: frozenset({Right.READ, Right.EXPORT}),
    Scope.SOURCES: frozenset({Right.READ, Right.SOURCE_RUN, Right.SOURCE_EDIT}),
    Scope.ADMIN: frozenset(Right),
}
"""Rights each scope lets through."""


SCOPE_WORDS: Mapping[Scope, str] = {
    Scope.READ: "read: look at everything you may see",
    Scope.DECIDE: "decide: decide about alerts",
    Scope.CASES: "cases: open and fill cases",
    Scope.EXPORT: "export: take bundles, reports and lists",
    Scope.SOURCES: "sources: run and change sources",
    Scope.ADMIN: "admin: everything you may do",
}
"""Scopes in words; the console translates them."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts: a person in a session, a person's token, or the command line of this machine."""

    id: int
    """Of the person; 0 for the command line."""
    name: str
    """The name they sign in with. It never changes and is never given to somebody else."""
    role: Role
    label: str = ""
    """The name people read, where it differs."""
    language: str = ""
    """en or zh-Hans; empty where the browser decides."""
    session: str = ""
    """Key of the session, the same that `desk.session` gives; empty for tokens and commands."""
    token: int | None = None
    """Number of the token that was shown."""
    scopes: frozenset[Scope] = frozenset()
    """Of the token; empty for sessions and commands."""
    has_password: bool = True
    """False for an admin who came in by the first link and has not set one."""
    has_second_step: bool = False
    method: str = ""
    """How the session began: link, password, oidc; empty for tokens and commands."""

    @property
    def by(self) -> str:
        """What a decision, a case or an export keeps as its author."""
        return self.name

    @property
    def shown(self) -> str:
        """The name people read."""
        return self.label or self.name

    @property
    def way(self) -> str:
        """How they came, for the record: session, token:7, command."""
        if self.token is not None:
            return f"token:{self.token}"
        return "session" if self.session else "command"

    def may(self, right: Right | str) -> bool:
        """Whether the role, and the scopes of a token, allow it."""
        wanted = Right(right)
        scoped = self.token is None or any(wanted in SCOPES[scope] for scope in self.scopes)
        return scoped and wanted in RIGHTS[self.role]

    def need(self, right: Right) -> Principal:
        """This principal, where it may do that.

        Raises:
            NotAllowed: it may not; the sentence says which role or token and which right.
        """
        if self.may(right):
            return self
        if self.token is not None and right in RIGHTS[self.role]:
            raise NotAllowed(
                f"This token's scopes do not include “{right}”.",
                hint="Make a token with that scope.",
                right=right,
            )
        raise NotAllowed(
            f"The role “{self.role}” does not include “{right}”.",
            hint="Ask an admin to do it or to change your role.",
            right=right,
        )


def machine(name: str) -> Principal:
    """Somebody at this machine's command line: who can read the workspace's files can do everything anyway."""
    return Principal(0, name, Role.ADMIN)
