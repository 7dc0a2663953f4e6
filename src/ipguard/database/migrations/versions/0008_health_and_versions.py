"""Health of sources, the frontier of runs as rows, versions of listings and what happened to them.

Revision 0008, after 0007. A run that goes on while this is done begins anew.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

JSON = sa.JSON().with_variant(JSONB(), "postgresql")

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FIRST = """
INSERT INTO listing_version (listing_id, version, at, run_id, step, read_by, changed, said)
SELECT id, version, changed_at, last_run_id, last_step, read_by, {empty}, {said} FROM listing
"""
SQLITE_SAID = """json_object('url', url, 'title', title, 'price',
    CASE WHEN price_amount IS NULL THEN NULL ELSE json_array(price_amount, currency, price_kind) END,
    'seller', json_array(seller_key, seller_name, seller_url, ''), 'condition', condition,
    'availability', availability, 'brand', brand, 'category', category,
    'pictures', json(coalesce((SELECT json_group_array(url) FROM
        (SELECT url FROM listing_picture WHERE listing_id = listing.id ORDER BY position)), '[]')))"""
POSTGRES_SAID = """jsonb_build_object('url', url, 'title', title, 'price',
    CASE WHEN price_amount IS NULL THEN NULL ELSE jsonb_build_array(price_amount, currency, price_kind) END,
    'seller', jsonb_build_array(seller_key, seller_name, seller_url, ''), 'condition', condition,
    'availability', availability, 'brand', brand, 'category', category,
    'pictures', coalesce((SELECT jsonb_agg(p.url ORDER BY p.position) FROM listing_picture p
        WHERE p.listing_id = listing.id), '[]'::jsonb))"""


def upgrade() -> None:
    """Bring the tables forward."""
    _make_tables()
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.add_column(sa.Column("canary", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("baseline_after", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.drop_column("frontier")
        batch_op.add_column(sa.Column("crawled", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("reasons", JSON, nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("coverage", JSON, nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("unwell", JSON, nullable=False, server_default="[]"))
        for name in ("stopped", "outcome", "canary"):
            batch_op.add_column(sa.Column(name, sa.String(), nullable=False, server_default=""))
    postgres = op.get_bind().dialect.name == "postgresql"
    empty, said = ("'[]'::jsonb", POSTGRES_SAID) if postgres else ("'[]'", SQLITE_SAID)
    op.execute(sa.text(FIRST.format(empty=empty.replace(":", "\\:"), said=said.replace("::", "\\:\\:"))))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("frontier", JSON, nullable=True))
        for name in ("crawled", "reasons", "coverage", "unwell", "stopped", "outcome", "canary"):
            batch_op.drop_column(name)
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.drop_column("baseline_after")
        batch_op.drop_column("canary")
    for table, columns in (
        ("listing_event", ("listing_id",)),
        ("listing_version", ("listing_id",)),
        ("source_alarm", ("until", "source_id")),
    ):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in columns:
                batch_op.drop_index(batch_op.f(f"ix_{table}_{name}"))
        op.drop_table(table)
    op.drop_table("run_frontier")


def _make_tables() -> None:
    op.create_table(
        "run_frontier",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("change", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name=op.f("fk_run_frontier_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "position", name=op.f("pk_run_frontier")),
    )
    op.create_table(
        "source_alarm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("values", JSON, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_by", sa.Integer(), nullable=True),
        sa.Column("last_seen_in", sa.Integer(), nullable=True),
        sa.Column("closed_by", sa.Integer(), nullable=True),
        sa.Column("accepted_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("fk_source_alarm_source_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_alarm")),
    )
    op.create_table(
        "listing_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.Column("read_by", sa.String(), nullable=False),
        sa.Column("changed", JSON, nullable=False),
        sa.Column("said", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name=op.f("fk_listing_version_listing_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing_version")),
        sa.UniqueConstraint("listing_id", "version", name=op.f("uq_listing_version_listing_id_version")),
    )
    op.create_table(
        "listing_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name=op.f("fk_listing_event_listing_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing_event")),
    )
    for table, columns in (
        ("source_alarm", ("source_id", "until")),
        ("listing_version", ("listing_id",)),
        ("listing_event", ("listing_id",)),
    ):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in columns:
                batch_op.create_index(batch_op.f(f"ix_{table}_{name}"), [name], unique=False)
