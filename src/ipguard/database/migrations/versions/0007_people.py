"""People, their sessions, tokens and links, and the record of who did what.

Revision 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ONLY_ADDED = {
    "sqlite": [
        f"CREATE TRIGGER audit_entry_no_{what.lower()} BEFORE {what} ON audit_entry "
        "BEGIN SELECT RAISE(ABORT, 'the record is only added to'); END"
        for what in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        (
            "CREATE FUNCTION audit_entry_is_only_added() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the record is only added to'; END $$"
        ),
        (
            "CREATE TRIGGER audit_entry_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_is_only_added()"
        ),
    ],
}


def text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False, server_default=default)


def moment(name: str, *, needed: bool = False) -> sa.Column[object]:
    return sa.Column(name, MOMENT, nullable=not needed)


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def of_person(table: str, column: str = "person_id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["person.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE"
    )


def key(table: str, column: str = "id") -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(column, name=op.f(f"pk_{table}"))


def index(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "person",
        number("id"),
        text("name"),
        text("label"),
        text("role"),
        text("language"),
        text("password"),
        moment("password_at"),
        text("totp"),
        number("totp_step"),
        moment("disabled_at"),
        moment("created_at", needed=True),
        text("created_by"),
        moment("entered_at"),
        key("person"),
        sa.UniqueConstraint("name", name=op.f("uq_person_name")),
    )
    op.create_table(
        "person_recovery",
        number("id"),
        number("person_id"),
        text("hash"),
        moment("used_at"),
        of_person("person_recovery"),
        key("person_recovery"),
    )
    index("person_recovery", "person_id")
    op.create_table(
        "person_link",
        text("hash"),
        number("person_id"),
        text("kind"),
        moment("created_at", needed=True),
        text("created_by"),
        moment("ends_at", needed=True),
        moment("used_at"),
        of_person("person_link"),
        key("person_link", "hash"),
    )
    index("person_link", "person_id")
    op.create_table(
        "person_session",
        text("hash"),
        number("person_id"),
        text("method"),
        sa.Column("waits", sa.Boolean(), nullable=False),
        text("device"),
        text("address"),
        moment("created_at", needed=True),
        moment("seen_at", needed=True),
        moment("ends_at", needed=True),
        moment("ended_at"),
        text("ended_by"),
        of_person("person_session"),
        key("person_session", "hash"),
    )
    index("person_session", "person_id", "ends_at")
    _for_programs()
    _record()


def _for_programs() -> None:
    op.create_table(
        "person_token",
        number("id"),
        number("person_id"),
        text("label"),
        text("hash"),
        text("hint"),
        sa.Column("scopes", JSON, nullable=False),
        moment("created_at", needed=True),
        text("created_by"),
        moment("ends_at", needed=True),
        moment("used_at"),
        moment("revoked_at"),
        text("revoked_by"),
        of_person("person_token"),
        key("person_token"),
        sa.UniqueConstraint("hash", name=op.f("uq_person_token_hash")),
    )
    index("person_token", "person_id")
    op.create_table(
        "person_identity",
        number("id"),
        number("person_id"),
        text("issuer"),
        text("subject"),
        moment("linked_at", needed=True),
        of_person("person_identity"),
        key("person_identity"),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_person_identity_issuer_subject")),
    )
    index("person_identity", "person_id")
    op.create_table(
        "person_oidc_flow",
        text("hash"),
        text("browser"),
        text("verifier"),
        text("nonce"),
        sa.Column("link_to", sa.Integer(), nullable=True),
        moment("ends_at", needed=True),
        of_person("person_oidc_flow", "link_to"),
        key("person_oidc_flow", "hash"),
    )
    index("person_oidc_flow", "ends_at")
    op.create_table(
        "person_tries",
        text("key"),
        number("failures"),
        moment("last_at", needed=True),
        moment("until"),
        key("person_tries", "key"),
    )
    index("person_tries", "last_at")


def _record() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        moment("at", needed=True),
        number("person_id"),
        text("person"),
        text("role"),
        text("way"),
        text("action"),
        text("subject"),
        sa.Column("details", JSON, nullable=False),
        text("before"),
        text("hash"),
        key("audit_entry"),
    )
    index("audit_entry", "at", "person_id", "action", "subject")
    op.create_table("audit_head", number("id"), number("position"), text("hash"), key("audit_head"))
    for statement in ONLY_ADDED[op.get_bind().dialect.name]:
        op.execute(sa.DDL(statement))  # type: ignore[no-untyped-call]


def downgrade() -> None:
    """Take it back."""
    op.drop_table("audit_head")
    op.drop_table("audit_entry")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.DDL("DROP FUNCTION audit_entry_is_only_added()"))  # type: ignore[no-untyped-call]
    for table in ("tries", "oidc_flow", "identity", "token", "session", "link", "recovery"):
        op.drop_table(f"person_{table}")
    op.drop_table("person")
