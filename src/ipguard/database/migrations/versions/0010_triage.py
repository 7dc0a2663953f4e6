"""Triage: what brings an alert back, suppressions, what was on the screen, second looks, saved views, keys.

Revision 0010, after 0009. The columns that alerts are grouped by are filled for standing alerts.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INDEXES = (
    ("suppression", ("work_id", "seller", "content", "decision_id")),
    ("second_look", ("alert_id", "second")),
    ("saved_view", ("person",)),
)
SELLER = """
UPDATE alert SET seller = (
    SELECT listing.source_id || '/' || CASE WHEN seller_key <> '' THEN seller_key ELSE lower(trim(seller_name)) END
    FROM listing WHERE listing.id = alert.listing_id)
"""
PICTURE = """
UPDATE alert SET picture = coalesce((
    SELECT {picture} FROM finding WHERE finding.alert_id = alert.id AND finding.alert_version = alert.version
    AND {kind} = 'picture' ORDER BY finding.strength DESC, finding.id LIMIT 1), '')
"""


def upgrade() -> None:
    """Bring the tables forward."""
    with op.batch_alter_table("alert", schema=None) as batch_op:
        for name in ("picture", "seller", "later_event"):
            batch_op.add_column(sa.Column(name, sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("settled", JSON, nullable=True))
        batch_op.add_column(sa.Column("settled_version", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("suppressed_by", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_alert_suppressed_by"), ["suppressed_by"], unique=False)
        for name in ("score", "picture", "seller"):
            batch_op.create_index(f"ix_alert_state_{name}", ["state", name], unique=False)
    with op.batch_alter_table("decision", schema=None) as batch_op:
        for name in ("batch", "session"):
            batch_op.add_column(sa.Column(name, sa.String(), nullable=False, server_default=""))
            batch_op.create_index(batch_op.f(f"ix_decision_{name}"), [name], unique=False)
        batch_op.add_column(sa.Column("unsure", sa.Boolean(), nullable=False, server_default=sa.false()))
    _make_tables()
    for table, columns in INDEXES:
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in columns:
                batch_op.create_index(batch_op.f(f"ix_{table}_{name}"), [name], unique=False)
    op.execute(SELLER)
    postgres = op.get_bind().dialect.name == "postgresql"
    said = ("place->>'picture'", "place->>'kind'") if postgres else (
        "json_extract(place, '$.picture')", "json_extract(place, '$.kind')"
    )  # fmt: skip
    op.execute(PICTURE.format(picture=said[0], kind=said[1]))


def downgrade() -> None:
    """Take it back; what was suppressed is open again."""
    op.execute("UPDATE alert SET state = 'open' WHERE state = 'suppressed'")
    for table in ("key_setting", "saved_view", "second_look", "suppression", "decision_sight"):
        for name in dict(INDEXES).get(table, ()):
            op.drop_index(op.f(f"ix_{table}_{name}"), table_name=table)
        op.drop_table(table)
    with op.batch_alter_table("decision", schema=None) as batch_op:
        for name in ("batch", "session"):
            batch_op.drop_index(batch_op.f(f"ix_decision_{name}"))
            batch_op.drop_column(name)
        batch_op.drop_column("unsure")
    with op.batch_alter_table("alert", schema=None) as batch_op:
        for name in ("score", "picture", "seller"):
            batch_op.drop_index(f"ix_alert_state_{name}")
        batch_op.drop_index(batch_op.f("ix_alert_suppressed_by"))
        for name in ("suppressed_by", "settled_version", "settled", "later_event", "seller", "picture"):
            batch_op.drop_column(name)


def _make_tables() -> None:
    op.create_table(
        "decision_sight",
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("pictures", JSON, nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("look", "language", "theme", "viewport")),
        sa.Column("shown_at", MOMENT, nullable=True),
        sa.Column("dwell_ms", sa.Integer(), nullable=False),
        sa.Column("painted_ms", sa.Integer(), nullable=True),
        sa.Column("listing_version", sa.Integer(), nullable=False),
        sa.Column("alert_version", sa.Integer(), nullable=False),
        sa.Column("watch", sa.String(), nullable=False),
        _key("decision_sight", "decision"),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_decision_sight")),
    )
    op.create_table(
        "suppression",
        sa.Column("id", sa.Integer(), nullable=False),
        *(
            sa.Column(n, sa.String(), nullable=False)
            for n in ("work_id", "seller", "kind", "content", "reason")
        ),
        sa.Column("price", sa.String(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("rights", sa.String(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("last_hit_at", MOMENT, nullable=True),
        _key("suppression", "decision", "SET NULL"),
        _key("suppression", "work"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression")),
    )
    op.create_table(
        "second_look",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("drawn_at", MOMENT, nullable=False),
        *(sa.Column(n, sa.String(), nullable=False) for n in ("second", "second_reason", "second_by")),
        sa.Column("second_at", MOMENT, nullable=True),
        *(sa.Column(n, sa.String(), nullable=False) for n in ("settled", "settled_by")),
        sa.Column("settled_at", MOMENT, nullable=True),
        _key("second_look", "alert"),
        _key("second_look", "decision"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_look")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_second_look_decision_id")),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("person", "name", "query")),
        sa.Column("feed", sa.String(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("feed", name=op.f("uq_saved_view_feed")),
        sa.UniqueConstraint("person", "name", name=op.f("uq_saved_view_person_name")),
    )
    op.create_table(
        "key_setting",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("off", sa.Boolean(), nullable=False),
        sa.Column("keys", JSON, nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_key_setting")),
    )


def _key(table: str, of: str, then: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [f"{of}_id"], [f"{of}.id"], name=op.f(f"fk_{table}_{of}_id"), ondelete=then
    )
