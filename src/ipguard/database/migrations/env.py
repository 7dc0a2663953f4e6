"""Alembic's entry: runs on the connection that `ipguard.database.migrate` hands over."""

from typing import Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.schema import SchemaItem
from sqlmodel import AutoString

from ipguard.database.base import Utc
from ipguard.database.tables import whole_schema

FOREIGN_PREFIXES = ("procrastinate_", "apscheduler_")
"""Tables of engines that live in the same database and are not ours to migrate."""


def ours(_item: SchemaItem, name: str | None, kind: str, _reflected: bool, _other: SchemaItem | None) -> bool:
    """Say whether a table belongs to us."""
    return not (kind == "table" and name is not None and name.startswith(FOREIGN_PREFIXES))


def plainly(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """Write our column types as SQLAlchemy's own: a migration must not change when the code does."""
    if kind == "type" and isinstance(item, Utc):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    if kind == "type" and isinstance(item, sa.JSON):
        return "JSON"
    return False


def run() -> None:
    """Run the migrations asked for."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=whole_schema(),
        render_as_batch=True,
        include_object=ours,
        render_item=plainly,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
