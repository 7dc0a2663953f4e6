"""People of a console under test: `enter_as(client, role)` lets a client in as somebody with that role."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine
from starlette.testclient import TestClient

from ipguard.database.engine import transaction
from ipguard.people.links import make_link
from ipguard.people.rights import Role
from ipguard.people.tables import PersonRow


def add_person(engine: Engine, role: Role, now: datetime, name: str = "") -> int:
    """Somebody of that role, without a password; returns their number."""
    with transaction(engine) as session:
        row = PersonRow(name=name or f"a-{role}", role=role.value, created_at=now, created_by="test")
        session.add(row)
        session.flush()
        return int(str(row.id))


def enter_as(client: TestClient, role: Role, name: str = "") -> int:
    """Let a client in as a new person of that role; returns their number."""
    desk = client.app.state.desk
    number = add_person(desk.engine, role, desk.now(), name)
    with transaction(desk.engine) as session:
        key = make_link(session, session.get_one(PersonRow, number), "enter", by="test", now=desk.now())
    assert client.get(f"/enter?key={key}", follow_redirects=False).status_code == 303
    return number
